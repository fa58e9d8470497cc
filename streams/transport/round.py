"""A round: the records that were taken, where it leaves their partitions, and its faults."""

from confluent_kafka import Message, TopicPartition
from faust.types import TP

from streams.transport.errors import (
    FencedError,
    RecordError,
    RoundError,
    RowError,
    TransportError,
)
from streams.transport.reader import Taken
from streams.transport.records import offset_of, tp_of


class Round:
    """What was taken, by partition; ``ends`` has the offset behind each partition's last record."""

    __slots__ = ("by_partition", "ends", "group_metadata", "size")

    def __init__(self, taken: Taken) -> None:
        self.size = len(taken.messages)
        self.group_metadata = taken.group_metadata
        self.by_partition: dict[TP, list[Message]] = {}
        for message in taken.messages:
            self.by_partition.setdefault(tp_of(message), []).append(message)
        self.ends: dict[TP, int] = {
            tp: offset_of(messages[-1]) + 1 for tp, messages in self.by_partition.items()
        }

    def starts(self) -> dict[TP, int]:
        """The offset of each partition's first record."""
        return {tp: offset_of(messages[0]) for tp, messages in self.by_partition.items()}

    def offsets(self) -> list[TopicPartition]:
        """What the round's transaction commits for the group."""
        return [TopicPartition(*tp, offset) for tp, offset in self.ends.items()]

    def refused(self, exc: RoundError) -> RecordError:
        """The fault that stands for the broker's refusal of something in this round.

        A broker that refuses a record refuses it again: that is to be counted too, and as one
        fault, wherever in the round the refusal showed.
        """
        first = min(self.ends)
        position = f"the end of a round with {first.topic}/{first.partition}"
        return RecordError(position, exc, behind=(first, self.ends[first] - 1))

    def too_long(self, seconds: float, exc: FencedError) -> RecordError:
        """The fault that stands for a round whose own work outlasted its transaction.

        It would be fenced again at every start, and the fence would be taken for a successor's.
        """
        first = min(self.ends)
        position = f"the end of a round with {first.topic}/{first.partition}"
        cause = TransportError(f"the round worked for {seconds:.1f} s, and was fenced: {exc}")
        return RecordError(position, cause, behind=(first, self.ends[first] - 1))

    def unwritable(self, exc: RowError) -> RecordError:
        """The fault that stands for a row which could not be written at the round's end."""
        changed_by = next(tp for tp in self.ends if tp.partition == exc.partition)
        position = f"a row of table {exc.table}/{exc.partition}"
        cause = exc.__cause__ or exc
        return RecordError(position, cause, behind=(changed_by, self.ends[changed_by] - 1))
