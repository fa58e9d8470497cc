"""Reads topic partitions from given positions, committed records only, and knows its end."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from schemas.careful import HEADER_BYTES
from schemas.codec import encode
from streams.transport.headers import received_headers
from tradeflow.errors import TradeflowError

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 15.0
_EARLIEST: Any = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
_LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.number}"


_TICK = encode("Tick", {"time_ms": 0})[:HEADER_BYTES]
"""What a tick begins with: the id of its schema."""


class Record(NamedTuple):
    """One record as the log has it."""

    partition: Partition
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def position(self) -> str:
        return f"{self.partition}/{self.offset}"

    @property
    def is_tick(self) -> bool:
        """Whether it only says that time passes; it is not decoded for that."""
        return (self.value or b"").startswith(_TICK)

    def header(self, name: str) -> bytes | None:
        """The first header of this name."""
        for each, value in self.headers:
            if each == name:
                return value
        return None


class Topics:
    """What the broker says of its topics."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = AdminClient(client_settings(bootstrap), logger=log)

    @property
    def admin(self) -> AdminClient:
        return self._admin

    def partition_counts(self) -> dict[str, int]:
        """Every topic and how many partitions it has."""
        try:
            metadata = self._admin.list_topics(timeout=_TIMEOUT_SECONDS)
        except KafkaException as error:
            raise broker_error(error) from error
        return {name: len(topic.partitions) for name, topic in metadata.topics.items()}

    def partitions(self, *names: str) -> list[Partition]:
        """The partitions of the topics.

        Raises:
            TradeflowError: one of them does not exist.
        """
        counts = self.partition_counts()
        for name in names:
            if name not in counts:
                raise TradeflowError(
                    f"There is no topic {name!r}.", remedy="tradeflow topics lists them."
                )
        return [Partition(name, number) for name in names for number in range(counts[name])]

    def starts(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The first offset that each still has."""
        return self._offsets(partitions, _EARLIEST, IsolationLevel.READ_COMMITTED)

    def ends(
        self, partitions: Iterable[Partition], *, committed: bool = True
    ) -> dict[Partition, int]:
        """The offset after the last record; not ``committed``: of open transactions too."""
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        return self._offsets(partitions, _LATEST, level)

    def _offsets(
        self, partitions: Iterable[Partition], spec: Any, level: IsolationLevel
    ) -> dict[Partition, int]:
        asked = {TopicPartition(*partition): spec for partition in partitions}
        if not asked:
            return {}
        try:
            futures = self._admin.list_offsets(
                asked, isolation_level=level, request_timeout=_TIMEOUT_SECONDS
            )
            return {
                Partition(partition.topic, partition.partition): future.result().offset
                for partition, future in futures.items()
            }
        except KafkaException as error:
            raise broker_error(error) from error


class TopicReader:
    """A consumer in no group; ``positions`` says up to where it has read each partition."""

    def __init__(
        self, bootstrap: str, starts: Mapping[Partition, int], *, wait_ms: int = 20
    ) -> None:
        self.positions = dict(starts)
        # Where the committed log ended when it was last looked at.
        self._at_end: set[Partition] = set()
        self._consumer = Consumer(
            {
                **client_settings(bootstrap),
                # Never used: this consumer joins no group and commits nothing.
                "group.id": "tradeflow-reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                # The end is told by a fetch that finds nothing: do not let it wait.
                "fetch.wait.max.ms": wait_ms,
                "fetch.queue.backoff.ms": 10,
                "queued.max.messages.kbytes": 32 * 1024,
            },
            logger=log,
        )
        self._consumer.assign([TopicPartition(*tp, offset) for tp, offset in starts.items()])

    def read(self, timeout_seconds: float, *, limit: int = 5_000) -> list[Record]:
        """The next records, in order within each partition; empty if none came in time."""
        first = self._consumer.poll(timeout_seconds)
        if first is None:
            return []
        records = []
        for message in (first, *self._consumer.consume(limit, 0)):
            record = self._take(message)
            if record is not None:
                records.append(record)
        return records

    def at_end(self) -> bool:
        """Whether every partition was read to the end of its committed records."""
        return len(self._at_end) == len(self.positions)

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Read these no further for now."""
        self._consumer.pause([TopicPartition(*partition) for partition in partitions])

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Read these again."""
        self._consumer.resume([TopicPartition(*partition) for partition in partitions])

    def close(self) -> None:
        self._consumer.close()

    def _take(self, message: Message) -> Record | None:
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                partition = Partition(str(message.topic()), int(message.partition() or 0))
                # Behind markers and aborted records, which never show as messages.
                self.positions[partition] = int(message.offset() or 0)
                self._at_end.add(partition)
            elif not error.retriable():
                raise broker_error(KafkaException(error))
            return None
        raw: Any = message
        partition = Partition(raw.topic(), raw.partition())
        offset = raw.offset()
        self.positions[partition] = offset + 1
        self._at_end.discard(partition)
        return Record(
            partition,
            offset,
            raw.timestamp()[1],
            raw.key(),
            raw.value(),
            tuple(received_headers(message)),
        )


def client_settings(bootstrap: str) -> dict[str, Any]:
    """Settings of every client that only looks."""
    return {
        "bootstrap.servers": bootstrap,
        "client.id": "tradeflow",
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1_000,
        "log_level": 2,
    }


def broker_error(error: KafkaException) -> TradeflowError:
    """A broker's or client's refusal as one line."""
    fault = error.args[0]
    said = fault.str() if isinstance(fault, KafkaError) else str(fault)
    return TradeflowError(
        f"The broker did not do what was asked: {said}.", remedy="See that it runs, and try again."
    )
