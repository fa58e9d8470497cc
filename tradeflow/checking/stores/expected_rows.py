"""Rows that a store must have, on the disk: memory does not grow with the log."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_HELD_MAX = 5_000
"""So many changes are kept before they are written."""
_ASKED_MAX = 900
"""Keys in one statement."""
_CACHE_KIB = 65_536


class ExpectedRows:
    """Rows by table and key; a later one replaces an earlier one.

    They are in a temporary file of SQLite's that is gone with the process, whatever ends it.
    """

    def __init__(self) -> None:
        # An empty name: a file that nobody else sees, written to when the cache is full.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(
            "CREATE TABLE expected (name TEXT, key TEXT, row TEXT, PRIMARY KEY (name, key))"
            " WITHOUT ROWID"
        )
        self._columns: dict[str, tuple[str, ...]] = {}
        self._held: dict[tuple[str, str], str | None] = {}

    def put(self, name: str, key: str, row: Mapping[str, Any]) -> None:
        """The row of a table is this one now; all rows of a table have the same columns."""
        columns = self._columns.setdefault(name, tuple(row))
        values = [row[column] for column in columns]
        self._held[name, key] = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
        self._write_if_full()

    def remove(self, name: str, key: str) -> None:
        """The table has no such row any more."""
        self._held[name, key] = None
        self._write_if_full()

    def take(self, name: str, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The rows of these keys, which are forgotten here: what is never taken is left."""
        self._write()
        asked, found = list(keys), {}
        for start in range(0, len(asked), _ASKED_MAX):
            some = asked[start : start + _ASKED_MAX]
            marks = ",".join("?" * len(some))
            where = f"WHERE name = ? AND key IN ({marks})"
            for key, text in self._db.execute(
                f"SELECT key, row FROM expected {where}", [name, *some]
            ):
                found[key] = self._row(name, text)
            self._db.execute(f"DELETE FROM expected {where}", [name, *some])
        return found

    def left(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Keys and rows that were not taken, by key; others may be taken meanwhile."""
        self._write()
        last = ""
        while True:
            page = self._db.execute(
                "SELECT key, row FROM expected WHERE name = ? AND key > ? ORDER BY key LIMIT ?",
                [name, last, _ASKED_MAX],
            ).fetchall()
            for key, text in page:
                yield key, self._row(name, text)
            if len(page) < _ASKED_MAX:
                return
            last = page[-1][0]

    def has_any(self, name: str) -> bool:
        """Whether a table has rows that were not taken."""
        return next(self.left(name), None) is not None

    def close(self) -> None:
        """Give the file up."""
        self._db.close()

    def _row(self, name: str, text: str) -> dict[str, Any]:
        return dict(zip(self._columns[name], json.loads(text), strict=True))

    def _write_if_full(self) -> None:
        if len(self._held) >= _HELD_MAX:
            self._write()

    def _write(self) -> None:
        if not self._held:
            return
        kept = [(*where, text) for where, text in self._held.items() if text is not None]
        gone = [where for where, text in self._held.items() if text is None]
        self._held = {}
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR REPLACE INTO expected VALUES (?, ?, ?)", kept)
        self._db.executemany("DELETE FROM expected WHERE name = ? AND key = ?", gone)
        self._db.execute("COMMIT")
