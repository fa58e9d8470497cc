"""A command of a stage together with everything in the log that it caused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tradeflow.topic_reader import Partition, Record


class Output(NamedTuple):
    """A record that a stage wrote, decoded."""

    record: Record
    value: Any
    cause: tuple[int, int]
    """Partition and offset, in the stage's input, of the command that caused it."""
    name: str = ""
    """The name of what the record holds."""

    @property
    def position(self) -> str:
        return self.record.position


@dataclass(slots=True)
class Answered:
    """One record of a stage's input and what came of it."""

    record: Record
    kind: str
    """The name of the command; "" for what cannot be decoded."""
    command: Mapping[str, Any]
    refusal: tuple[str, str] | None
    """Why it must be a dead letter (reason, detail); None if it must be carried out."""
    expected: dict[Partition, list[tuple[str, Any]]] = field(default_factory=dict)
    """What the engine makes of it, by name, as each partition must have it, in order.

    Of a dead letter: its reason and detail.
    """
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

    def values(self, topic: str) -> list[Any]:
        """The same, without where it is."""
        return [output.value for output in self.outputs(topic)]
