"""The log as those see it who judge it: each record decoded once, when it has been written."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.codec import DecodeError, decode
from schemas.headers import CAUSATION_ID
from tradeflow.simulation.log import LogRecord, SimulatedLog


class Seen(NamedTuple):
    """A record and what it says; the name is "" where it cannot be decoded."""

    record: LogRecord
    name: str
    value: dict[str, Any]

    @property
    def position(self) -> str:
        """Where it is in the log."""
        return self.record.position

    @property
    def cause(self) -> str:
        """The position of the record that caused it; "" for a client's own."""
        for name, value in self.record.headers() or ():
            if name == CAUSATION_ID:
                return value.decode()
        return ""


class NewRecords:
    """Goes through the log as it grows, topic by topic in the order given."""

    def __init__(self, log: SimulatedLog, topics: tuple[str, ...]) -> None:
        self._log = log
        self._topics = topics
        self._at = {
            (topic, number): 0 for topic in topics for number in range(log.partitions(topic))
        }

    def take(self) -> Iterator[Seen]:
        """What was written since the last call."""
        for (topic, number), start in self._at.items():
            end = self._log.end(topic, number)
            if end > start:
                self._at[topic, number] = end
                for record in self._log.records(topic, number, start):
                    yield seen(record)


def seen(record: LogRecord) -> Seen:
    """A record, decoded."""
    try:
        return Seen(record, *decode(record.value() or b""))
    except DecodeError:
        return Seen(record, "", {})
