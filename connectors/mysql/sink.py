"""The sink: a batch's rows and the positions behind them in one SQL transaction."""

import contextlib
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import mysql.connector

from connectors.event import Event, Place
from connectors.mysql import tables
from connectors.mysql.balances import move_balances
from connectors.mysql.batch_rows import BatchRows
from connectors.mysql.connection import migrate, open_connection
from connectors.mysql.faults import DATA, PASSING, only_errors, store_down
from connectors.mysql.settings import MysqlSettings
from connectors.mysql.statements import execute_rows, marks
from connectors.mysql.values import UnstorableError, grids
from connectors.sink import Batch, FencedError, RefusedError, StoreDownError
from schemas.instruments import Instrument
from schemas.topics import CANDLES, ORDERS_EXECUTIONS, ORDERS_ORDERS, TRADES, WALLET_EVENTS

log = logging.getLogger(__name__)

T = TypeVar("T")

_PASSING_TRIES = 5
_FORGET = "DELETE FROM candles WHERE symbol = %s AND `interval` = %s AND open_at = %s"


class MysqlSink:
    """Writes the tables of ``connectors/mysql/tables.py``; see ``connectors/sink.py``."""

    name = "mysql"
    topics: tuple[str, ...] = (
        ORDERS_EXECUTIONS.name,
        TRADES.name,
        WALLET_EVENTS.name,
        CANDLES.name,
        ORDERS_ORDERS.name,
    )

    def __init__(self, settings: MysqlSettings, instruments: Mapping[str, Instrument]) -> None:
        self._settings = settings
        self._grids = grids(instruments)
        self._connection: Any = None
        self._used = 0.0
        self._is_migrated = False

    def connect(self) -> None:
        """Open a connection; the first time bring the schema up to date.

        Raises:
            StoreDownError: it cannot be reached, or has not what it needs.
        """
        self.close()
        with self._answering():
            if not self._is_migrated:
                migrate(self._settings)
                self._is_migrated = True
            self._open()

    def positions(self, places: Collection[Place]) -> dict[Place, int]:
        """Where to go on, by what this database has.

        Raises:
            StoreDownError: it cannot be reached.
        """
        with self._answering():
            found = self._transaction(lambda cursor: _find_positions(cursor, sorted(places)))
        return {place: at for place, at in found.items() if at}

    def write(self, batch: Batch) -> int:
        """Write a batch and its positions; how many rows.

        Raises:
            StoreDownError: it could not be written, or whether it was is not known.
            FencedError: another process has written it, or something behind it.
            RefusedError: values that have no room in their columns.
            ConfigError: an instrument is not known.
        """
        rows = self._rows(batch.events)
        with self._answering():
            try:
                return self._transaction(lambda cursor: _write(cursor, batch, rows))
            except mysql.connector.Error as error:
                if error.errno not in DATA:
                    raise
                reasons = self._reasons(batch)
                if not reasons:
                    raise
                raise RefusedError(reasons) from error

    def clear(self) -> None:
        """Make all tables anew, empty.

        Raises:
            StoreDownError: it cannot be reached.
        """
        names = (*(table.name for table in tables.DATA), tables.POSITIONS.name, "alembic_version")
        with self._answering():
            # One statement is all or nothing: rows and positions go together.
            listed = ", ".join(f"`{name}`" for name in names)
            self._transaction(lambda cursor: cursor.execute(f"DROP TABLE IF EXISTS {listed}"))
            migrate(self._settings)

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            with contextlib.suppress(mysql.connector.Error, OSError), only_errors():
                self._connection.close()
            self._connection = None

    # ----------------------------------------------------------------------------------------------

    def _rows(self, events: Sequence[Event]) -> BatchRows:
        rows = BatchRows(self._grids)
        reasons = {}
        for event in events:
            try:
                rows.add(event)
            except UnstorableError as exc:
                reasons[event.position] = str(exc)
        if reasons:
            raise RefusedError(reasons)
        return rows

    def _transaction(self, work: Callable[[Any], T]) -> T:
        """What the work gives, committed; deadlocks are tried again."""
        self._replace_idle_connection()
        for left in reversed(range(_PASSING_TRIES)):
            cursor = self._connection.cursor()
            try:
                result = work(cursor)
                with only_errors():
                    self._connection.commit()
                self._used = time.monotonic()
                return result
            except mysql.connector.Error as error:
                self._roll_back()
                if error.errno not in PASSING or not left:
                    raise
            except BaseException:
                self._roll_back()
                raise
            finally:
                with contextlib.suppress(mysql.connector.Error), only_errors():
                    cursor.close()
        raise AssertionError("not reached")

    def _open(self) -> None:
        self._connection = open_connection(self._settings)
        self._used = time.monotonic()

    def _replace_idle_connection(self) -> None:
        # Before the server ends it, which would look like a store that is down.
        if time.monotonic() - self._used > self._settings.idle_seconds / 2:
            self.close()
            self._open()

    def _roll_back(self) -> None:
        # A connection that is lost has been rolled back by the server.
        with contextlib.suppress(mysql.connector.Error), only_errors():
            self._connection.rollback()

    def _reasons(self, batch: Batch) -> dict[str, str]:
        """Why MySQL does not take some of the events, by trying each alone."""
        reasons = {}
        for event in batch.events:
            alone = Batch((event,), {}, {})
            rows = self._rows(alone.events)
            cursor = self._connection.cursor()
            try:
                _write_rows(cursor, rows)
            except mysql.connector.Error as error:
                if error.errno not in DATA:
                    raise
                reasons[event.position] = str(error.msg)
            finally:
                cursor.close()
                self._roll_back()
        return reasons

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except mysql.connector.Error as error:
            down = store_down(error, self._settings)
            if down is None:
                raise
            raise down from error
        except OSError as error:
            raise StoreDownError(f"MySQL at {self._settings.address}: {error}") from error


def _write(cursor: Any, batch: Batch, rows: BatchRows) -> int:
    places = sorted(batch.starts)
    # Locked until the commit: whoever else wants to write behind these positions waits here.
    found = _find_positions(cursor, places)
    for place in places:
        if found[place] != batch.starts[place]:
            raise FencedError(
                f"{place} is at {found[place]} here, not at {batch.starts[place]}: another process "
                "has written it"
            )
    count = _write_rows(cursor, rows)
    ends = [(*place, at) for place, at in sorted(batch.ends.items())]
    execute_rows(cursor, tables.POSITIONS.statement, ends)
    return count


def _write_rows(cursor: Any, rows: BatchRows) -> int:
    count = 0
    for table, values in rows.by_table():
        execute_rows(cursor, table.statement, values)
        count += len(values)
    if rows.forgotten_candles:
        cursor.executemany(_FORGET, list(rows.forgotten_candles))
        count += len(rows.forgotten_candles)
    if rows.ledger.balances:
        count += move_balances(cursor, rows.ledger.balances)
    return count


def _find_positions(cursor: Any, places: Sequence[Place]) -> dict[Place, int]:
    """The positions of these partitions, with their rows locked; 0 where nothing was written."""
    if not places:
        return {}
    found = _lock_positions(cursor, places)
    if new := [place for place in places if place not in found]:
        # There must be a row to lock: another process may begin with the same partition.
        statement = "INSERT IGNORE INTO positions (topic, partition_number, position) VALUES "
        execute_rows(cursor, f"{statement}(%s, %s, 0)", [tuple(place) for place in new])
        found |= _lock_positions(cursor, new)
    return found


def _lock_positions(cursor: Any, places: Sequence[Place]) -> dict[Place, int]:
    pairs = marks(places).replace("%s", "(%s, %s)")
    cursor.execute(
        "SELECT topic, partition_number, position FROM positions "
        f"WHERE (topic, partition_number) IN ({pairs}) FOR UPDATE",
        [value for place in places for value in place],
    )
    return {Place(topic, number): position for topic, number, position in cursor.fetchall()}
