"""Holds MySQL against the log."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import CANDLES, ORDERS_EXECUTIONS, ORDERS_ORDERS
from tradeflow.checking.entry import read_entry
from tradeflow.checking.stores.expected_rows import ExpectedRows
from tradeflow.checking.stores.mysql.columns import KEYS, SAGA_INSTANCE, TOPICS, key_of
from tradeflow.checking.stores.mysql.forgotten_sagas import ForgottenSagas
from tradeflow.checking.stores.mysql.reference import PAID, MysqlReference, moved_row
from tradeflow.checking.stores.mysql.snapshot import Row, Snapshot
from tradeflow.checking.stores.positions import later_positions, positions_of_this_log
from tradeflow.checking.stores.store_log import StoreLog
from tradeflow.checking.stores.store_report import (
    Progress,
    StoreReport,
    StoreUnreachableError,
)
from tradeflow.topic_reader import Partition

_COMPACTED = (CANDLES.name, ORDERS_ORDERS.name)
_MOVED = "rows that have moved on"
_CATCH_UP_SECONDS = 3.0
_STILL_SECONDS = 0.5
_PAUSE_SECONDS = 0.05

Positions = dict[Partition, int]


class MysqlCheck:
    """One database; see ``StoreCheck``."""

    name = "mysql"

    def __init__(
        self,
        address: str,
        instruments: Mapping[str, Instrument],
        connect: Callable[[], Any],
        errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """``errors`` makes StoreUnreachableErrors of the driver's within its block."""
        self.address = address
        self._instruments = instruments
        self._connect = connect
        self._errors = errors

    def probe(self) -> None:
        """See ``StoreCheck``."""
        with self._errors(), closing(Snapshot(self._connect())) as snapshot:
            if not snapshot.is_fed():
                raise StoreUnreachableError(
                    f"MySQL at {self.address} has nothing of the log: feed it with"
                    " tradeflow connect mysql"
                )

    def run(self, bootstrap: str, progress: Progress) -> StoreReport:
        """See ``StoreCheck``."""
        with ExitStack() as stack:
            stack.enter_context(self._errors())
            looking = _Look(
                bootstrap,
                StoreReport(self.name, self.address),
                stack.enter_context(closing(Snapshot(self._connect()))),
                stack.enter_context(closing(StoreLog(bootstrap, TOPICS))),
                stack.enter_context(closing(ExpectedRows())),
                progress,
            )
            return looking.run(self._instruments)


class _Look:
    """One look at the tables."""

    def __init__(
        self,
        bootstrap: str,
        report: StoreReport,
        snapshot: Snapshot,
        log: StoreLog,
        rows: ExpectedRows,
        progress: Progress,
    ) -> None:
        self._bootstrap = bootstrap
        self._report = report
        self._snapshot = snapshot
        self._log = log
        self._rows = rows
        self._progress = progress

    def run(self, instruments: Mapping[str, Instrument]) -> StoreReport:
        report = self._report
        reference = MysqlReference(instruments, self._rows)
        # Most of the log is read before there is a snapshot, which costs the server to keep.
        self._snapshot.begin()
        first = positions_of_this_log(self._snapshot.positions(), self._log, report)
        self._snapshot.end()
        if first is None:
            return report
        self._read(reference, first)
        positions, complete = self._caught_up(first)
        self._read(reference, positions)
        reference.settle()
        report.positions = {str(each): at for each, at in sorted(positions.items())}
        self._look_behind()
        self._compare_tables(complete)
        if reference.left_out:
            report.notes.append(
                f"{reference.left_out:,} records have no room in their columns and are left out."
            )
        return report

    def _caught_up(self, first: Positions) -> tuple[Positions, set[int]]:
        """A snapshot's positions, and the partitions of which it has all sagas and reports.

        Waits a moment for those: beside a connector that works there is soon such a moment.
        """
        begun = moved = time.monotonic()
        before = first
        while True:
            ends = self._log.ends()
            self._snapshot.begin()
            positions = later_positions(before, self._snapshot.positions())
            # Behind the last record there is the mark of its transaction.
            lagging = {each.number for each, end in ends.items() if _lags(each, end, positions)}
            now = time.monotonic()
            moved = now if positions != before else moved
            if not lagging or now - moved > _STILL_SECONDS or now - begun > _CATCH_UP_SECONDS:
                return positions, {each.number for each in ends} - lagging
            before = positions
            time.sleep(_PAUSE_SECONDS)

    def _read(self, reference: MysqlReference, positions: Positions) -> None:
        def show(done: int, total: int) -> None:
            self._progress("mysql: reading the log", done, total)

        for record in self._log.read_to(positions, show):
            if not record.is_tick:
                reference.take(read_entry(record))

    def _look_behind(self) -> None:
        """What the log has beyond the positions: there compaction may have forgotten rows."""
        for record in self._log.rest():
            if record.is_tick:
                continue
            self._report.behind += 1
            if record.partition.topic in _COMPACTED:
                moved = moved_row(read_entry(record))
                if moved is not None:
                    self._rows.put(_MOVED, " ".join(moved), {})
                    self._rows.remove(PAID, moved[1])

    def _compare_tables(self, complete: Collection[int]) -> None:
        sagas = ForgottenSagas(self._rows, self._report.table(SAGA_INSTANCE), complete)
        for name in KEYS:
            table = self._report.table(name)
            total = self._snapshot.count(name)
            for page in self._snapshot.pages(name):
                self._compare(name, page, sagas)
                self._progress(f"mysql: comparing {name}", table.rows, max(total, table.rows))
            self._find_missing(name)
        self._progress("mysql: looking for the sagas' commands", 0, 0)
        sagas.judge(
            self._bootstrap,
            lambda done, total: self._progress("mysql: reading commands", done, total),
        )

    def _compare(self, name: str, page: list[Row], sagas: ForgottenSagas) -> None:
        table = self._report.table(name)
        found = {key_of(name, row): row for row in page}
        expected = self._rows.take(name, found)
        orders = self._rows.take(PAID, found) if name == SAGA_INSTANCE else {}
        differ = {key for key, row in found.items() if expected.get(key) != row}
        moved = self._moved(name, differ)
        for key, row in found.items():
            table.has(key, row)
            if key not in differ:
                continue
            if key in moved:
                table.unjudged += 1
            elif key in expected:
                table.wrong(key, expected[key], row)
            elif name == SAGA_INSTANCE:
                sagas.add(row, orders.get(key))
            else:
                table.extra(key, row)

    def _find_missing(self, name: str) -> None:
        table = self._report.table(name)
        for key, row in self._rows.left(name):
            if self._moved(name, [key]):
                table.unjudged += 1
            else:
                table.missing(key, row)
            if name == SAGA_INSTANCE:
                # It is told: its order need not tell it again.
                self._rows.remove(PAID, key)

    def _moved(self, name: str, keys: Collection[str]) -> set[str]:
        """Those of the keys that the log says something of behind the positions."""
        asked = {f"{name} {key}": key for key in keys}
        return {asked[each] for each in self._rows.take(_MOVED, asked)}


def _lags(partition: Partition, end: int, positions: Positions) -> bool:
    is_sagas = partition.topic in (ORDERS_ORDERS.name, ORDERS_EXECUTIONS.name)
    return is_sagas and end - positions.get(partition, 0) > 1
