"""A batch: the records of one partition in one round, and what an agent makes of them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException

from streams.transport.headers import Headers, Propagate
from streams.transport.records import offset_of, position_of

if TYPE_CHECKING:
    from confluent_kafka import Message

    from streams.transport.transaction import RoundProducer


class Batch:
    """The value of a Faust event: iterate it once, and emit while you do.

    The record that iteration stands on is the cause of whatever is emitted or declared a dead
    letter, so an agent never handles headers or offsets itself.
    """

    __slots__ = (
        "_headers",
        "_place",
        "_producer",
        "_propagate",
        "_send",
        "current",
        "messages",
        "partition",
        "topic",
    )

    def __init__(
        self,
        topic: str,
        partition: int,
        messages: "Sequence[Message]",
        *,
        producer: "RoundProducer",
        propagate: Propagate,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.messages = messages
        self.current: Message = messages[0]
        self._producer = producer
        self._send: Callable[..., None] = producer.send
        self._propagate = propagate
        self._headers: Headers | None = None
        self._place = f"{topic}/{partition}/".encode()

    def __len__(self) -> int:
        return len(self.messages)

    def __iter__(self) -> "Iterator[Message]":
        for message in self.messages:
            self.current = message
            self._headers = None
            yield message

    @property
    def position(self) -> str:
        """``topic/partition/offset`` of the record that is worked on."""
        return position_of(self.current)

    @property
    def headers(self) -> Headers:
        """What outputs inherit; made once for each record that has any output."""
        headers = self._headers
        if headers is None:
            position = self._place + b"%d" % offset_of(self.current)
            headers = self._headers = self._propagate(self.current, position)
        return headers

    def emit(
        self,
        topic: str,
        key: bytes | str | None,
        value: bytes | None,
        more_headers: Headers | None = None,
    ) -> None:
        """Send a record in this round's transaction, partitioned by ``key``.

        It has the headers that all outputs inherit, and ``more_headers`` behind them.
        """
        headers = self._headers
        if headers is None:
            headers = self.headers
        if more_headers:
            headers = headers + more_headers
        # Straight into librdkafka: this is called for each output.  By position, since names take a
        # third longer.
        try:
            self._send(topic, value, key, -1, None, None, 0, headers)
        except (BufferError, KafkaException):
            # Nothing was sent; this waits, or says what is wrong.
            self._producer.produce(topic, key, value, headers)

    def emit_beside(self, topic: str, value: bytes | None, key: bytes | str | None = None) -> None:
        """Send a record to the partition of this batch's number, whatever its key.

        What is about a partition and not about a key, such as the time, goes on beside its input;
        so does what has a key of its own, but belongs to the input's.
        """
        if not self.messages:
            _refuse(self.position)
        self._producer.produce(topic, key, value, self.headers, self.partition)

    def dead_letter(self, reason: str, detail: str = "") -> None:
        """Put the current record, whole, on the group's dead-letter topic, in this transaction.

        ``reason`` is a short stable code, ``detail`` says more to a person.
        """
        if not self.messages:
            _refuse(self.position)
        self._producer.dead_letter(self.current, self.headers, reason=reason, detail=detail)

    def copy(self) -> "Batch":
        """The same records, iterated by somebody else."""
        return Batch(
            self.topic,
            self.partition,
            self.messages,
            producer=self._producer,
            propagate=self._propagate,
        )

    def close(self) -> None:
        """The agent is done: what a task that it left behind emits would be in a later round."""
        # No method of this batch: it would refer to itself, and wait for the garbage collector.
        self._send = partial(_refuse, self.position)
        # The agent's loop refers to this batch until its next one: the records need not wait.
        self.messages = ()


def _refuse(position: str, *_: object) -> None:
    raise RuntimeError(f"the batch that ended at {position} is finished: emit earlier")
