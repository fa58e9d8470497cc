"""One moment of the database: positions and rows as one transaction sees them."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from tradeflow.checking.stores.mysql.columns import GENERATED
from tradeflow.checking.stores.mysql.plain_values import READERS, plain
from tradeflow.topic_reader import Partition

Row = dict[str, Any]

_PAGE = 2_000
_IDLE_SECONDS = 8 * 3_600
"""While the log is read on to its positions, a snapshot says nothing."""


class Snapshot:
    """A connection that only reads; errors are the driver's."""

    def __init__(self, connection: Any) -> None:
        self._db = connection
        # The connector's own sessions see each commit, and end when they are silent.
        self._run(f"SET SESSION wait_timeout = {_IDLE_SECONDS}")
        self._run("SET SESSION transaction_isolation = 'REPEATABLE-READ'")
        self._run("COMMIT")

    def begin(self) -> None:
        """See the database as it is now, from here on."""
        self._db.rollback()
        self._run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def end(self) -> None:
        """See each commit again."""
        self._db.rollback()

    def is_fed(self) -> bool:
        """Whether a connector has written here."""
        with closing(self._db.cursor()) as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.tables"
                " WHERE table_schema = DATABASE() AND table_name = 'positions'"
            )
            has_table = bool(cursor.fetchone()[0])
        return has_table and any(self.positions().values())

    def positions(self) -> dict[Partition, int]:
        """How far each partition is written."""
        with closing(self._db.cursor()) as cursor:
            cursor.execute("SELECT topic, partition_number, position FROM positions")
            return {Partition(topic, number): at for topic, number, at in cursor.fetchall() if at}

    def pages(self, table: str) -> Iterator[list[Row]]:
        """All rows of a table, some at a time, in any order; only one table at a time."""
        with closing(self._db.cursor(buffered=False)) as cursor:
            cursor.execute(f"SELECT * FROM `{table}`")
            names = cursor.column_names
            while rows := cursor.fetchmany(_PAGE):
                yield [_row(names, values) for values in rows]

    def count(self, table: str) -> int:
        """How many rows a table has, about: what the server reckons."""
        with closing(self._db.cursor()) as cursor:
            cursor.execute(
                "SELECT table_rows FROM information_schema.tables"
                " WHERE table_schema = DATABASE() AND table_name = %s",
                [table],
            )
            found = cursor.fetchone()
        return int(found[0] or 0) if found else 0

    def close(self) -> None:
        """Give the connection up."""
        self._db.close()

    def _run(self, statement: str) -> None:
        with closing(self._db.cursor()) as cursor:
            cursor.execute(statement)


def _row(names: tuple[str, ...], values: tuple[Any, ...]) -> Row:
    row: Mapping[str, Any] = dict(zip(names, values, strict=True))
    return {
        name: READERS[name](value) if name in READERS else plain(value)
        for name, value in row.items()
        if name not in GENERATED
    }
