"""The group consumer: assignments, and the taking of a round's records.

librdkafka runs rebalance callbacks only inside ``poll`` and ``consume``, so everything here runs
on the one Kafka thread.  An assignment starts with nothing to fetch: fetching begins, at the
committed offsets, when the tables stand (``begin_fetching``).
"""

import logging
import time
from collections.abc import Callable, Iterable
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
from streams.transport.errors import ConfigError, ExitCode, RecordError, TransportError
from streams.transport.kafka_errors import error_of, transport_error
from streams.transport.records import offset_of, tp_of

log = logging.getLogger(__name__)

_LAGS_SECONDS = 1.0
_ENOUGH = 256
"""So many records are worth a transaction, whoever waits for them."""
_ASKING = (
    "asking for the committed offsets, which waits for open transactions (if this goes on, one "
    "hangs: kafka-transactions.sh find-hanging tells which)"
)
_ASK_SECONDS = 0.5
_ASK_AGAIN = frozenset(
    {
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError.UNSTABLE_OFFSET_COMMIT,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
    }
)
# What a broker may take to see that a transaction is past its time-out (its default is 10 s).
_CLEAN_UP_SECONDS = 15.0

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

    def __init__(
        self, settings: TransportSettings, is_urgent: Callable[[Message], bool] | None = None
    ) -> None:
        self._settings = settings
        self._is_urgent = is_urgent
        self._consumer: Consumer | None = None
        self.assigned: dict[TP, int] = {}
        """Partitions owned and the offset at which each begins (-2: its beginning)."""
        self.rebalanced = False
        """An assignment or a revocation was met and not yet dealt with."""
        self.unsettled = False
        """Partitions were given up, and the assignment that comes next is not known yet."""
        self.lags: dict[TP, int] = {}
        """Records between each position and the end; at most a second old while rounds run."""
        self._lags_due = 0.0
        self._group_metadata: object = None

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
        first = self._poll(timeout)
        self._note_lags(consumer)
        if first is None or self._moved():
            return None
        messages = self._with_rest(first)
        if self._is_urgent is not None and not self._moved():
            messages += self._company(messages, self._is_urgent)
        if self._moved():
            log.info("a rebalance ran while records were taken; they are taken again")
            return None
        return Taken(messages, self._group_metadata) if messages else None

    def _with_rest(self, first: Message, taken: int = 0) -> list[Message]:
        """A record and what the local queue has behind it, to a round of ``taken`` others."""
        room = max(0, self._settings.round_max_records - taken - 1)
        rest = self._require().consume(room, 0) if room else []
        # Before anything is thrown away: an error is told once.
        return [m for m in (first, *rest) if not self._is_error(m)]

    def _company(
        self, waiting: list[Message], is_urgent: Callable[[Message], bool]
    ) -> list[Message]:
        """More records for a round of few that nobody waits for: a transaction less.

        Ends with the first urgent record, or when the wait is over.  What was taken is not worked
        on yet, so a rebalance that runs in here finds nothing in flight either.
        """
        enough = min(_ENOUGH, self._settings.round_max_records)
        deadline = time.monotonic() + self._settings.unhurried_ms / 1_000
        company: list[Message] = []
        latest = waiting
        while not self._moved() and len(waiting) + len(company) < enough:
            if any(is_urgent(message) for message in latest):
                break
            left = deadline - time.monotonic()
            first = self._poll(left) if left > 0 else None
            if first is None:
                break
            latest = self._with_rest(first, len(waiting) + len(company))
            company += latest
        return company

    def serve(self) -> bool:
        """Give librdkafka a turn while nothing is fetched; True if a rebalance ran."""
        self._poll(0)
        return self.rebalanced

    def moves_within(self, seconds: float) -> bool:
        """Whether a rebalance, or the loss of the membership, shows up soon."""
        self._require().assign([])
        deadline = time.monotonic() + seconds
        while not self.rebalanced and time.monotonic() < deadline:
            self._poll(0.05)
        return self.rebalanced

    def find_starts(self, interrupted: Callable[[], bool]) -> bool:
        """Ask where each assigned partition begins; False if ``interrupted`` said it is no use.

        Waits while another member's transaction holds offsets of these partitions open: the
        consumer reads committed records only, and so asks for stable offsets (KIP-447).

        Raises:
            BrokerError: longer than a transaction may stay open behind a worker that died.
        """
        consumer = self._require()
        wanted = [TopicPartition(*tp) for tp in self.assigned]
        started = time.monotonic()
        limit = self._settings.transaction_timeout_ms / 1_000 + _CLEAN_UP_SECONDS
        waits = False
        while wanted:
            if interrupted():
                return False
            error = None
            try:
                found = consumer.committed(wanted, timeout=_ASK_SECONDS)
                error = next((f.error for f in found if f.error is not None), None)
            except KafkaException as exc:
                error = error_of(exc)
            if error is None:
                self.assigned = {
                    TP(f.topic, f.partition): f.offset if f.offset >= 0 else OFFSET_BEGINNING
                    for f in found
                }
                break
            if error.code() not in _ASK_AGAIN or time.monotonic() - started > limit:
                raise transport_error(error, _ASKING)
            if not waits:
                waits = True
                log.info("waiting, %.0f s at most, for committed offsets: %s", limit, error.str())
        return True

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
        self.unsettled = False
        consumer.assign([])
        self._group_metadata = consumer.consumer_group_metadata()
        # Without a member id it is out of the group already: that callback comes next.
        owned = partitions if consumer.memberid() else []
        self.assigned = {TP(p.topic, p.partition): OFFSET_BEGINNING for p in owned}

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.rebalanced = self.unsettled = True
        self.assigned = {}
        consumer.unassign()
        log.info("gave up %d partitions; waiting for the group's assignment", len(partitions))

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        log.warning("lost %d partitions: this member was out of its group", len(partitions))
        self._on_revoke(consumer, partitions)

    # ----------------------------------------------------------------------------------------------

    def _poll(self, timeout: float) -> Message | None:
        """The next record; raises the errors that end a worker, whoever was polling for what."""
        message = self._require().poll(timeout)
        return None if message is None or self._is_error(message) else message

    def _is_error(self, message: Message) -> bool:
        """Whether this is an error and not a record; raises if it is one that ends the worker."""
        error = message.error()
        if error is None:
            return False
        if error.code() in _PASSING or (error.retriable() and not error.fatal()):
            log.warning("while reading: %s", error.str())
            return True
        where = (
            f"{message.topic()}/{message.partition()}" if message.topic() else "the input topics"
        )
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise ConfigError(
                f"the log of {where} no longer has the offset that group {self._settings.group} "
                "has come to: it was cut or made anew; records may be lost, so set the group's "
                f"offset on purpose ({error.str()})"
            )
        cause = transport_error(error, f"reading {where}")
        if cause.exit_code is not ExitCode.FAULT or not message.topic():
            raise cause
        # It is the record: what cannot be unpacked now cannot be unpacked the next time either.
        at, offset = tp_of(message), offset_of(message)
        raise RecordError(f"{where}/{offset}", cause, behind=(at, offset))

    def _moved(self) -> bool:
        return self.rebalanced

    def _require(self) -> Consumer:
        if self._consumer is None:
            raise TransportError("the consumer has not subscribed")
        return self._consumer
