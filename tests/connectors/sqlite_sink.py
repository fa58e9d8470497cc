"""The smallest real store: SQLite.  What is tested with it is the runner."""

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from connectors.event import Event, Place
from connectors.sink import Batch, FencedError, RefusedError, StoreDownError

REFUSED = "refuse me"


class SqliteSink:
    """Each event becomes a row; a transaction that another program holds open is a store down."""

    def __init__(self, file: Path, topics: tuple[str, ...], name: str) -> None:
        self.name = name
        self.topics = topics
        self._file = file
        self._db: sqlite3.Connection | None = None

    def connect(self) -> None:
        self.close()
        with _answering():
            # Without any wait for locks: the runner is who waits.
            self._db = sqlite3.connect(self._file, timeout=0, check_same_thread=False)
            # Whoever looks at the store meanwhile must not be taken for a lock.
            self._db.execute("pragma journal_mode = wal")
            self._db.execute(
                "create table if not exists events"
                " (topic, partition, offset, name, content, primary key (topic, partition, offset))"
            )
            self._db.execute(
                "create table if not exists positions"
                " (topic, partition, position, primary key (topic, partition))"
            )

    def positions(self, places: Collection[Place]) -> dict[Place, int]:
        with _answering():
            rows = self._require().execute("select topic, partition, position from positions")
            found = {Place(topic, partition): position for topic, partition, position in rows}
        return {place: found[place] for place in places if place in found}

    def write(self, batch: Batch) -> int:
        refused = {each.position: "as asked" for each in batch.events if _is_refused(each)}
        if refused:
            raise RefusedError(refused)
        db = self._require()
        with _answering(), _transaction(db):
            if self.positions(batch.starts) != {p: at for p, at in batch.starts.items() if at}:
                raise FencedError("another process wrote these records")
            db.executemany("insert into events values (?, ?, ?, ?, ?)", map(_row, batch.events))
            db.executemany(
                "insert or replace into positions values (?, ?, ?)",
                [(*place, at) for place, at in batch.ends.items()],
            )
        return len(batch.events)

    def clear(self) -> None:
        db = self._require()
        with _answering(), _transaction(db):
            db.execute("delete from events")
            db.execute("delete from positions")

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _require(self) -> sqlite3.Connection:
        assert self._db is not None
        return self._db


def stored(file: Path) -> list[tuple[str, int, int, str, str]]:
    """All events in the store, in the log's order."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        try:
            return db.execute("select * from events order by topic, partition, offset").fetchall()
        except sqlite3.OperationalError:
            return []


def _is_refused(event: Event) -> bool:
    return event.record.get("client_order_id") == REFUSED


def _row(event: Event) -> tuple[str, int, int, str, str]:
    return (*event.place, event.offset, event.name, repr(sorted(event.record.items())))


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("begin immediate")
    with db:
        yield


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        raise StoreDownError(f"SQLite: {exc}") from exc
