"""A record of the log, decoded once for all who look at it, with what caused it."""

from typing import Any, NamedTuple

from schemas.codec import DecodeError, decode
from schemas.headers import CAUSATION_ID
from tradeflow.topic_reader import Partition, Record


class Cause(NamedTuple):
    """The record that caused another one."""

    partition: Partition
    offset: int


class Entry(NamedTuple):
    """A record and what it says."""

    record: Record
    name: str
    """The name of what it holds; "" where that cannot be decoded."""
    value: Any
    fault: tuple[str, str] | None
    """Why it cannot be decoded: reason and detail."""
    cause: Cause | None

    @property
    def partition(self) -> Partition:
        return self.record.partition

    @property
    def topic(self) -> str:
        return self.record.partition.topic

    @property
    def number(self) -> int:
        return self.record.partition.number

    @property
    def offset(self) -> int:
        return self.record.offset

    @property
    def position(self) -> str:
        return self.record.position

    def is_caused_by(self, *topics: str) -> bool:
        """Whether the headers name a record of one of the topics as the cause."""
        return self.cause is not None and self.cause.partition.topic in topics


def read_entry(record: Record) -> Entry:
    """Decode a record."""
    cause = _cause_of(record)
    try:
        name, value = decode(record.value or b"")
    except DecodeError as fault:
        return Entry(record, "", {}, (fault.reason, fault.detail), cause)
    return Entry(record, name, value, None, cause)


def table_row(data: bytes) -> Any:
    """A row that a changelog holds."""
    return decode(data)[1]


def _cause_of(record: Record) -> Cause | None:
    topic, _, rest = (record.header(CAUSATION_ID) or b"").partition(b"/")
    partition, _, offset = rest.partition(b"/")
    if not (topic and partition.isdigit() and offset.isdigit()):
        return None
    return Cause(Partition(topic.decode(errors="replace"), int(partition)), int(offset))
