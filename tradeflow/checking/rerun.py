"""I6: the log, run through the engine again, gives the same records, rows and state."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.codec import DecodeError, decode
from schemas.instruments import Instrument
from schemas.topics import MATCHING_BOOK
from streams.agents.matching import PartitionMarkets, refuse_order_command
from streams.domain.outcome import Outcome
from streams.tables import BookRow, as_record, from_record
from streams.transport import Rows
from tradeflow.checking.answered import (
    LETTERS,
    REPORTS,
    TRADE_TOPIC,
    UPDATES,
    Answered,
    Output,
)
from tradeflow.checking.findings import Findings
from tradeflow.partitioning import partition_of
from tradeflow.topic_reader import Partition, Record

CHANGELOG = MATCHING_BOOK.name

TableRows = Mapping[str, bytes]
"""Row key and row, as the changelog has it: one partition's."""

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
        self, instruments: Mapping[str, Instrument], partition_counts: Mapping[str, int]
    ) -> None:
        self.findings = Findings("I6", "run again, the log gives the same records and rows")
        self._instruments = instruments
        self._counts = partition_counts
        self.partitions: dict[int, PartitionRerun] = {}

    def partition(self, number: int) -> PartitionRerun:
        """The engine of an input partition."""
        rerun = self.partitions.get(number)
        if rerun is None:
            rerun = self.partitions[number] = PartitionRerun(self._instruments)
        return rerun

    def expect(self, record: Record) -> Answered:
        """The command of a record with all that must come of it."""
        try:
            kind, command = decode(record.value or b"")
        except DecodeError as fault:
            return self._refused(Answered(record, "", {}, (fault.reason, fault.detail)))
        refusal = refuse_order_command(kind, command, record.key, record.timestamp_ms)
        answered = Answered(record, kind, command, refusal)
        if refusal is not None:
            return self._refused(answered)
        outcome = self.partition(record.partition.number).apply(kind, command)
        self._spread(answered, outcome)
        return answered

    def complete(self, answered: Answered) -> None:
        """Compare what the log has of a command with what the engine made of it."""
        self.findings.figures["commands"] += 1
        for partition, expected in answered.expected.items():
            if partition.topic != LETTERS:
                self._compare(answered, expected, answered.actual.get(partition, []))
        for partition, actual in answered.actual.items():
            if partition not in answered.expected and partition.topic != LETTERS:
                self._compare(answered, [], actual)

    def stray(self, output: Output, why: str) -> None:
        """An output that belongs to no command that is open."""
        if output.record.partition.topic != LETTERS:
            self.findings.violated(output.position, f"the engine gives no such record: {why}")

    def compare_table(self, number: int, kept: TableRows) -> None:
        """Compare an input partition's rows with those that its changelog holds."""
        rows = self.partition(number).to_state()
        for key in rows.keys() | kept.keys():
            self._compare_row(f"{CHANGELOG}/{number} {key}", rows.get(key), kept.get(key))

    def state_hashes(self) -> dict[str, str]:
        """A digest of each symbol's state at the end."""
        return {
            symbol: market.state_hash()
            for number in sorted(self.partitions)
            for symbol, market in sorted(self.partitions[number].markets.markets.items())
        }

    def _refused(self, answered: Answered) -> Answered:
        answered.expected[Partition(LETTERS, 0)] = [answered.refusal]
        return answered

    def _spread(self, answered: Answered, outcome: Outcome) -> None:
        """Say which partition must have which of the records."""
        expected, counts = answered.expected, self._counts
        for report in outcome.reports:
            key = report.account_id.encode()
            partition = Partition(REPORTS, _partition_of(key, counts[REPORTS]))
            expected.setdefault(partition, []).append(report.as_record())
        symbol = answered.command.get("symbol", "").encode()
        if outcome.trades:
            partition = Partition(TRADE_TOPIC, _partition_of(symbol, counts[TRADE_TOPIC]))
            expected[partition] = [trade.as_record() for trade in outcome.trades]
        if outcome.depth is not None:
            partition = Partition(UPDATES, _partition_of(symbol, counts[UPDATES]))
            expected[partition] = [outcome.depth.as_record()]

    def _compare(self, answered: Answered, expected: list[Any], actual: list[Output]) -> None:
        self.findings.figures["output records"] += len(actual)
        for record, output in zip(expected, actual, strict=False):
            if record != output.value:
                difference = first_difference(record, output.value)
                self.findings.violated(output.position, f"{difference} (of {answered.position})")
                return
        if len(expected) > len(actual):
            missing = expected[len(actual)]
            self.findings.violated(answered.position, f"a record is missing: {brief(missing)}")
        elif len(actual) > len(expected):
            output = actual[len(expected)]
            self.findings.violated(
                output.position, f"the engine gives no such record of {answered.position}"
            )

    def _compare_row(self, position: str, computed: Any, kept: bytes | None) -> None:
        self.findings.figures["table rows"] += 1
        if kept is None:
            self.findings.violated(position, "the changelog has no such row")
            return
        try:
            row = decode(kept)[1]
        except DecodeError as fault:
            self.findings.violated(position, f"the row cannot be decoded: {fault}")
            return
        if computed is None:
            self.findings.violated(position, "the engine has no such row")
        elif row != computed:
            self.findings.violated(position, first_difference(computed, row))


def first_difference(expected: Mapping[str, Any], found: Any) -> str:
    """The first field in which a record is not as expected."""
    for name, value in expected.items():
        if found.get(name) != value:
            return f"{name} is {found.get(name)!r}, the engine gives {value!r}"
    return "it is another kind of record"


def brief(record: Mapping[str, Any]) -> str:
    """Enough of a record to know it by."""
    names = ("execution_id", "execution_type", "trade_id", "first_update_id", "order_id")
    return ", ".join(f"{name} {record[name]}" for name in names if record.get(name))
