"""Events out of an exchange: committed records of its topics, without a consumer group."""

import contextlib
import time
from collections.abc import Sequence
from typing import Any, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.codec import decode
from tradeflow.errors import TradeflowError

_METADATA_SECONDS = 10.0
_RETRY_SECONDS = 0.05
Event = tuple[str, dict[str, Any]]
"""The name of the record, and the record."""


class EventReader:
    """All partitions of some topics, read committed, from the end or from the beginning.

    It stores no position anywhere.  A broker that is away is waited for.
    """

    def __init__(self, bootstrap: str, topics: Sequence[str], *, from_end: bool) -> None:
        config: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            # The client asks for one; nothing is kept under it.
            "group.id": "tradeflow-reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            # Latency counts: an answer is fetched when it is there.
            "fetch.wait.max.ms": 50,
            "fetch.error.backoff.ms": 20,
            "queued.min.messages": 20_000,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
            "log_level": 0,
            "error_cb": _ignore,
        }
        self._consumer = Consumer(config)
        self._at_end: set[tuple[str, int]] = set()
        self._partitions: list[TopicPartition] = []
        try:
            for topic in topics:
                self._partitions += self._positions(topic, from_end=from_end)
            self._consumer.assign(self._partitions)
        except KafkaException as error:
            self._consumer.close()
            raise TradeflowError(f"The exchange's topics cannot be read: {error}.") from error

    @property
    def is_at_end(self) -> bool:
        """Whether every partition was read up to its end at some moment."""
        return len(self._at_end) == len(self._partitions)

    def read(self, *, limit: int = 1_000, timeout_seconds: float = 0.0) -> list[Event]:
        """The events that are there, waiting for the first one only."""
        records = self.read_raw(limit=limit, timeout_seconds=timeout_seconds)
        return [decode(value) for _, _, value in records if value is not None]

    def read_raw(
        self, *, limit: int = 1_000, timeout_seconds: float = 0.0
    ) -> list[tuple[int, bytes, bytes | None]]:
        """The same as partitions, keys and values; a value of None deletes its key."""
        first = self._consumer.poll(timeout_seconds)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(limit - 1, 0.0)]
        return [
            (int(message.partition() or 0), cast("bytes", message.key()), message.value())
            for message in messages
            if self._is_record(message)
        ]

    def close(self) -> None:
        """End the client."""
        with contextlib.suppress(KafkaException):
            self._consumer.close()

    def _positions(self, topic: str, *, from_end: bool) -> list[TopicPartition]:
        found = self._consumer.list_topics(topic, timeout=_METADATA_SECONDS).topics[topic]
        positions = []
        for partition in found.partitions:
            # A real offset: «the end» as a word would be looked up only when records flow already.
            low, high = self._watermarks(TopicPartition(topic, partition))
            positions.append(TopicPartition(topic, partition, high if from_end else low))
        return positions

    def _watermarks(self, partition: TopicPartition) -> tuple[int, int]:
        """The first and the next offset; a new partition may have no leader for a moment."""
        deadline = time.monotonic() + _METADATA_SECONDS
        while True:
            try:
                found = self._consumer.get_watermark_offsets(partition, timeout=_METADATA_SECONDS)
                return found[0], found[1]
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_RETRY_SECONDS)

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() == KafkaError._PARTITION_EOF:
            self._at_end.add((str(message.topic()), int(message.partition() or 0)))
        elif error.fatal():
            raise TradeflowError(f"The exchange's topics cannot be read: {error.str()}.")
        return False


def _ignore(_error: object) -> None:
    """The client tries again; errors that matter come with the records."""
