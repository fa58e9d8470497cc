"""What confluent-kafka's messages say about themselves, when they are records and not errors.

Its annotations allow None everywhere, because a message may also stand for an error; a record has
its topic, partition and offset always.
"""

from confluent_kafka import Message
from faust.types import TP


def tp_of(record: Message) -> TP:
    """The topic partition that a record was read from."""
    return TP(record.topic(), record.partition())  # type: ignore[arg-type]


def offset_of(record: Message) -> int:
    """The offset of a record."""
    return record.offset()  # type: ignore[return-value]


def timestamp_of(record: Message) -> int:
    """The time of a record, ms: its producer's, or the broker's if the topic's settings say so."""
    return record.timestamp()[1]


def position_of(record: Message) -> str:
    """``topic/partition/offset``: the name of a record in the log."""
    return f"{record.topic()}/{record.partition()}/{record.offset()}"
