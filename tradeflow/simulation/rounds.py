"""A round: what a worker took, what its agents made of it, and the transaction that it becomes."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streams.app import DeadLetters
from streams.transport.dead_letters import letter_of
from tradeflow.simulation.log import Headers, LogRecord, SimulatedLog


class Take(NamedTuple):
    """So many records of a partition, from an offset on."""

    topic: str
    partition: int
    start: int
    size: int


class Turn(NamedTuple):
    """An agent has the batch of one of the takes: both by number."""

    take: int
    agent: int


class Output(NamedTuple):
    """A record that a round sends; ``partition`` is None where the key decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    partition: int | None


class Row(NamedTuple):
    """A row that a round changed; None: it is gone."""

    changelog: str
    partition: int
    key: bytes
    value: bytes | None


@dataclass(slots=True)
class Round:
    """What one transaction commits, or nothing of it."""

    takes: list[Take]
    turns: list[Turn]
    """In which order the agents had the batches."""
    outputs: list[Output] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def commit(self, log: SimulatedLog, *, clock_ms: int) -> None:
        """Write outputs and rows; ``clock_ms`` is the worker's own clock."""
        for output in self.outputs:
            log.append(
                output.topic,
                output.key,
                output.value,
                headers=output.headers,
                partition=output.partition,
                timestamp_ms=clock_ms,
            )
        for row in self.rows:
            log.write_row(row.changelog, row.partition, row.key, row.value)


class RoundOutputs:
    """Takes what batches emit, as the transport's producer does, and keeps it for the commit."""

    def __init__(self, stage: str) -> None:
        self.outputs: list[Output] = []
        self._letters_topic = f"{stage}.dead-letters"
        self._encode_letter = DeadLetters(stage)

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | str | None,
        partition: int,
        on_delivery: None,
        callback: None,
        timestamp: int,
        headers: Headers,
    ) -> None:
        """As librdkafka's ``produce``, by position."""
        self.produce(topic, key, value, headers)

    def produce(
        self,
        topic: str,
        key: bytes | str | None,
        value: bytes | None,
        headers: Headers | None,
        partition: int | None = None,
    ) -> None:
        """Keep a record."""
        as_bytes = key.encode() if isinstance(key, str) else key
        self.outputs.append(Output(topic, as_bytes, value, headers, partition))

    def dead_letter(
        self, message: LogRecord, headers: Headers, *, reason: str, detail: str
    ) -> None:
        """Keep a dead letter of the stage."""
        told: Any = message
        letter = letter_of(told, reason=reason, detail=detail, value_bytes_max=1 << 20)
        value, more = self._encode_letter(letter)
        self.produce(self._letters_topic, letter.key, value, headers + more)

    def take(self) -> list[Output]:
        """What was sent since the last call."""
        outputs, self.outputs = self.outputs, []
        return outputs
