"""A command together with everything in the log that it caused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.records import DepthUpdate, ExecutionReport, Trade
from schemas.topics import (
    MATCHING_DEAD_LETTERS,
    ORDERBOOK_UPDATES,
    ORDERS_EXECUTIONS,
    TRADES,
)
from tradeflow.topic_reader import Partition, Record

OUTPUTS = (ORDERS_EXECUTIONS, TRADES, ORDERBOOK_UPDATES, MATCHING_DEAD_LETTERS)
"""What matching writes for others."""

REPORTS, TRADE_TOPIC, UPDATES, LETTERS = (topic.name for topic in OUTPUTS)


class Output(NamedTuple):
    """A record that matching wrote, decoded."""

    record: Record
    value: Any
    """A report, trade, update or dead letter."""
    cause: tuple[int, int]
    """Partition and offset, in ``orders.incoming``, of the command that caused it."""

    @property
    def position(self) -> str:
        return self.record.position


@dataclass(slots=True)
class Answered:
    """One record of ``orders.incoming`` and what came of it."""

    record: Record
    kind: str
    """The name of the command; "" for what cannot be decoded."""
    command: Mapping[str, Any]
    refusal: tuple[str, str] | None
    """Why it must be a dead letter (reason, detail); None if it must be carried out."""
    expected: dict[Partition, list[Any]] = field(default_factory=dict)
    """What the engine makes of it, as each partition must have it, in order."""
    actual: dict[Partition, list[Output]] = field(default_factory=dict)
    """What the log has."""
    awaited: dict[Partition, int] = field(default_factory=dict)
    """How many of the expected records each partition has not shown yet."""

    @property
    def position(self) -> str:
        return self.record.position

    def outputs(self, topic: str) -> Iterator[Output]:
        """What the log has of it on one topic, partition by partition."""
        for partition, outputs in self.actual.items():
            if partition.topic == topic:
                yield from outputs

    def reports(self) -> list[ExecutionReport]:
        """The execution reports as they arose: their numbers say the order, across partitions."""
        reports = [output.value for output in self.outputs(REPORTS)]
        reports.sort(key=lambda report: report["execution_id"])
        return reports

    def trades(self) -> list[Trade]:
        return [output.value for output in self.outputs(TRADE_TOPIC)]

    def updates(self) -> list[DepthUpdate]:
        return [output.value for output in self.outputs(UPDATES)]

    def letters(self) -> list[Output]:
        return list(self.outputs(LETTERS))
