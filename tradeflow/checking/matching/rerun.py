"""I6: the log, run through the engine again, gives the same records, rows and state."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from schemas.instruments import Instrument
from schemas.partitioning import partition_of
from schemas.topics import MATCHING_BOOK
from streams.agents.matching import PartitionMarkets, refuse_order_command
from streams.domain.events import ReportEvent
from streams.domain.order import Order
from streams.domain.outcome import Outcome
from streams.domain.settlement import settlement
from streams.tables import BookRow, as_record, from_record
from streams.transport import Rows
from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.entry import Entry
from tradeflow.checking.findings import Findings
from tradeflow.checking.matching.outputs import (
    LETTERS,
    REPORTS,
    SETTLEMENTS,
    TRADE_TOPIC,
    UPDATES,
)
from tradeflow.checking.rows import TableRows, compare_outputs, compare_rows
from tradeflow.topic_reader import Partition

CHANGELOG = MATCHING_BOOK.name

_STORE_EVERY = 1_000
"""Commands between two writes of changed rows, as a round has some."""

_partition_of = lru_cache(maxsize=65_536)(partition_of)


class PartitionRerun:
    """The engine over one partition of ``orders.incoming``."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self.rows: Rows[BookRow] = Rows()
        self.markets = PartitionMarkets(instruments, self.rows)
        self._unstored = 0

    def apply(self, kind: str, command: Mapping[str, Any]) -> Outcome:
        """Carry out a command."""
        self._unstored += 1
        if self._unstored >= _STORE_EVERY:
            self.store()
        if kind == "Tick":
            self.markets.tick(command)
            return Outcome([], [], None)
        return self.markets.apply(kind, command)

    def store(self) -> None:
        """Bring the rows up to date."""
        self._unstored = 0
        self.markets.store()
        self.rows.changed.clear()

    def to_state(self) -> dict[str, Any]:
        """The rows, for a checkpoint."""
        self.store()
        return {key: as_record(row) for key, row in self.rows.items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint, as a worker goes on from its changelogs."""
        for key, row in state.items():
            self.rows.restore(key, from_record(_kind_of(row), row))
        self.markets = PartitionMarkets(self._instruments, self.rows)


def _kind_of(row: Mapping[str, Any]) -> str:
    if "priority" in row:
        return "OrderRow"
    return "ClosedOrderRow" if "closed_ms" in row else "SymbolRow"


class Rerun:
    """Expects of each command what the engine makes of it, and compares."""

    def __init__(
        self,
        findings: Findings,
        instruments: Mapping[str, Instrument],
        partition_counts: Mapping[str, int],
    ) -> None:
        self.findings = findings
        self._instruments = instruments
        self._counts = partition_counts
        self.partitions: dict[int, PartitionRerun] = {}

    def partition(self, number: int) -> PartitionRerun:
        """The engine of an input partition."""
        rerun = self.partitions.get(number)
        if rerun is None:
            rerun = self.partitions[number] = PartitionRerun(self._instruments)
        return rerun

    def expect(self, entry: Entry) -> Answered:
        """The command of a record with all that must come of it."""
        record, kind, command = entry.record, entry.name, entry.value
        refusal = entry.fault or refuse_order_command(
            kind, command, record.key, record.timestamp_ms
        )
        answered = Answered(record, kind, command, refusal)
        if refusal is not None:
            answered.expected[Partition(LETTERS, 0)] = [refusal]
            return answered
        outcome = self.partition(record.partition.number).apply(kind, command)
        self._spread(answered, outcome)
        if kind == "Tick":
            beside = Partition(TRADE_TOPIC, record.partition.number)
            answered.expected[beside] = [(kind, command)]
        return answered

    def complete(self, answered: Answered) -> None:
        """Compare what the log has of a command with what the engine made of it."""
        # Ticks are no figure: a quiet exchange has ever more of them.
        self.findings.figures["commands"] += answered.kind != "Tick"
        for partition, expected in answered.expected.items():
            if partition.topic != LETTERS:
                compare_outputs(
                    self.findings, answered, expected, answered.actual.get(partition, [])
                )
        for partition, actual in answered.actual.items():
            if partition not in answered.expected and partition.topic != LETTERS:
                compare_outputs(self.findings, answered, [], actual)

    def stray(self, output: Output, why: str) -> None:
        """An output that belongs to no command that is open."""
        if output.record.partition.topic != LETTERS:
            self.findings.violated(output.position, f"the engine gives no such record: {why}")

    def compare_table(self, number: int, kept: TableRows) -> None:
        """Compare an input partition's rows with those that its changelog holds."""
        rows = self.partition(number).to_state()
        compare_rows(self.findings, f"{CHANGELOG}/{number}", rows, kept)

    def open_orders(self) -> Iterator[Order]:
        """The orders that are open now, in all markets."""
        for rerun in self.partitions.values():
            rerun.store()
            for row in rerun.rows.values():
                if isinstance(row, Order):
                    yield row

    def state_hashes(self) -> dict[str, str]:
        """A digest of each symbol's state at the end."""
        return {
            symbol: market.state_hash()
            for number in sorted(self.partitions)
            for symbol, market in sorted(self.partitions[number].markets.markets.items())
        }

    def _spread(self, answered: Answered, outcome: Outcome) -> None:
        """Say which partition must have which of the records."""
        expected, counts = answered.expected, self._counts
        for report in outcome.reports:
            key = report.account_id.encode()
            partition = Partition(REPORTS, _partition_of(key, counts[REPORTS]))
            told = ("ExecutionReport", report.as_record())
            expected.setdefault(partition, []).append(told)
            if report.hold_id and SETTLEMENTS in counts:
                self._settle(answered, report, key)
        symbol = answered.command.get("symbol", "").encode()
        if outcome.trades:
            partition = Partition(TRADE_TOPIC, _partition_of(symbol, counts[TRADE_TOPIC]))
            expected[partition] = [("Trade", trade.as_record()) for trade in outcome.trades]
        if outcome.depth is not None:
            partition = Partition(UPDATES, _partition_of(symbol, counts[UPDATES]))
            expected[partition] = [("DepthUpdate", outcome.depth.as_record())]

    def _settle(self, answered: Answered, report: ReportEvent, key: bytes) -> None:
        told = settlement(self._instruments.get(report.symbol), report)
        if told is not None:
            partition = Partition(SETTLEMENTS, _partition_of(key, self._counts[SETTLEMENTS]))
            answered.expected.setdefault(partition, []).append(told)
