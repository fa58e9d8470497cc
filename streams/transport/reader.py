"""The group consumer: assignments, and the taking of a round's records.

librdkafka runs rebalance callbacks only inside ``poll`` and ``consume``, so everything here runs
on the one Kafka thread.  An assignment starts with nothing to fetch: fetching begins, at the
committed offsets, when the tables stand (``begin_fetching``).
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from faust.types import TP

from streams.transport.config import TransportSettings
from streams.transport.errors import ConfigError, TransportError
from streams.transport.kafka_errors import error_of, transport_error

log = logging.getLogger(__name__)

_LAGS_SECONDS = 1.0
_ASKING = (
    "asking for the committed offsets, which waits for open transactions (if this goes on, one "
    "hangs: kafka-transactions.sh find-hanging tells which)"
)

_PASSING = frozenset(
    {KafkaError._PARTITION_EOF, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A round's records, and the group metadata that its commit is fenced with."""

    messages: list[Message]
    group_metadata: object


class GroupReader:
    """Reads the input topics as a member of the group."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._consumer: Consumer | None = None
        self.assigned: dict[TP, int] = {}
        """Partitions owned and the offset at which each begins (-2: the beginning)."""
        self.rebalanced = False
        """An assignment or a revocation was met and not yet dealt with."""
        self.lags: dict[TP, int] = {}
        """Records between each position and the end; at most a second old while rounds run."""
        self._lags_due = 0.0
        self._group_metadata: object = None
        self._failure: TransportError | None = None

    def subscribe(self, topics: Iterable[str]) -> None:
        """Join the group; the assignment comes with a later ``take``."""
        try:
            self._consumer = Consumer(self._settings.consumer(), logger=log)
        except KafkaException as exc:
            raise transport_error(error_of(exc), "making the consumer") from exc
        self._consumer.subscribe(
            list(topics),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def take(self, timeout: float) -> Taken | None:
        """The next records, up to a round's size; None when there are none, or after a rebalance.

        The first record is polled for and the rest taken from the local queue at once: to ask for
        n records would wait for n of them or the whole time-out.

        A rebalance can run inside either call.  A commit is therefore fenced with the metadata of
        the assignment that the records belong to, never with what the group says now: that might
        be a newer generation, or none at all once this member is out.  And a take in which a
        rebalance ran is thrown away; its records come again, to whoever owns them, because an
        assignment begins at the committed offsets.
        """
        consumer = self._require()
        first = consumer.poll(timeout)
        self._note_lags(consumer)
        self._raise_failure()
        if first is None or self._moved():
            return None
        rest = consumer.consume(self._settings.round_max_records - 1, 0)
        self._raise_failure()
        if self._moved():
            log.info("a rebalance ran while records were taken; they are taken again")
            return None
        messages = [m for m in (first, *rest) if m.error() is None or self._is_fault(m)]
        return Taken(messages, self._group_metadata) if messages else None

    def serve(self) -> bool:
        """Give librdkafka a turn while nothing is fetched; True if a rebalance ran."""
        self._require().poll(0)
        self._raise_failure()
        return self.rebalanced

    def moves_within(self, seconds: float) -> bool:
        """Whether a rebalance, or the loss of the membership, shows up soon."""
        self._require().assign([])
        deadline = time.monotonic() + seconds
        while not self.rebalanced and time.monotonic() < deadline:
            self._require().poll(0.05)
        return self.rebalanced

    def begin_fetching(self) -> None:
        """Fetch the assigned partitions from their committed offsets."""
        self._require().assign(
            [TopicPartition(tp.topic, tp.partition, offset) for tp, offset in self.assigned.items()]
        )

    def _note_lags(self, consumer: Consumer) -> None:
        # For other threads: they must not touch a client that this one may be closing.
        now = time.monotonic()
        if now < self._lags_due:
            return
        self._lags_due = now + _LAGS_SECONDS
        lags = {}
        wanted = [TopicPartition(*tp) for tp in self.assigned]
        for at in consumer.position(wanted) if wanted else ():
            _, high = consumer.get_watermark_offsets(at, cached=True)
            lags[TP(at.topic, at.partition)] = max(0, high - at.offset) if at.offset >= 0 else 0
        self.lags = lags

    def member_id(self) -> str:
        """This member's id in the group, "" before it joined."""
        return (self._consumer.memberid() or "") if self._consumer is not None else ""

    def close(self) -> None:
        """Leave the client; a static member stays in its group until its session ends."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    # --- callbacks: inside poll and consume, on the Kafka thread ---------------------------------

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.rebalanced = True
        self.assigned = {}
        consumer.assign([])
        self._group_metadata = consumer.consumer_group_metadata()
        if not consumer.memberid():
            # Out of the group already: that callback comes next.
            return
        try:
            # Waits while another member's transaction holds offsets of these partitions open
            # (read_committed asks for stable offsets, KIP-447).
            committed = consumer.committed(
                partitions, timeout=2 * self._settings.transaction_timeout_ms / 1_000
            )
        except KafkaException as exc:
            self._failure = transport_error(error_of(exc), _ASKING)
            return
        for partition in committed:
            if partition.error is not None:
                self._failure = transport_error(
                    partition.error, f"asking for the offset of {partition.topic}"
                )
                return
            self.assigned[TP(partition.topic, partition.partition)] = (
                partition.offset if partition.offset >= 0 else OFFSET_BEGINNING
            )

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.rebalanced = True
        self.assigned = {}
        consumer.unassign()

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        log.warning("lost %d partitions: this member was out of its group", len(partitions))
        self._on_revoke(consumer, partitions)

    # ----------------------------------------------------------------------------------------------

    def _is_fault(self, message: Message) -> bool:
        """Whether an error met in a take ends the worker (raises) or passes (False)."""
        error = message.error()
        if error is None:
            return False
        if error.code() in _PASSING or (error.retriable() and not error.fatal()):
            log.warning("while reading: %s", error.str())
            return False
        where = (
            f"{message.topic()}/{message.partition()}" if message.topic() else "the input topics"
        )
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise ConfigError(
                f"the log of {where} no longer has the offset that group {self._settings.group} "
                "has come to: it was cut or made anew; records may be lost, so set the group's "
                f"offset on purpose ({error.str()})"
            )
        raise transport_error(error, f"reading {where}")

    def _moved(self) -> bool:
        return self.rebalanced

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _require(self) -> Consumer:
        if self._consumer is None:
            raise TransportError("the consumer has not subscribed")
        return self._consumer
