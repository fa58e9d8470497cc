"""One transaction a round: outputs, table rows, dead letters and offsets, or nothing at all.

The transactional producer of a worker (KIP-98), with the consumer group's metadata as the fence
against a zombie (KIP-447).
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from streams.transport.config import TransportSettings
from streams.transport.dead_letters import EncodeDeadLetter, encode_plain, letter_of
from streams.transport.errors import (
    BrokerError,
    ExitCode,
    FencedError,
    RoundError,
    TransportError,
)
from streams.transport.headers import Headers
from streams.transport.kafka_errors import error_of, transport_error
from streams.transport.metrics import Metrics

log = logging.getLogger(__name__)

_PRODUCERS = 2
"""Transactional ids of a slot, used in turn.  A transaction that begins before the markers of its
id's last one are written is put off by librdkafka for 20 ms: rounds that follow each other would
all wait for that.  The log keeps their order: the first has been decided when the second begins."""

_REPORT_POLLS = 100
"""Of 10 ms each: how long to look for the reason of a failed transaction."""

_FENCE_SECONDS = 1.0
"""The broker aborts at once and says «not yet»; librdkafka asks again 0.5 s later."""

_FLUSH_SECONDS = 0.001
_FLUSHES = 100


class RoundProducer:
    """Collects what a round sends and ends it in one transaction.

    ``connect``, ``commit`` and ``abort`` block on the broker: call them from the Kafka thread.
    ``begin`` and ``produce`` only hand over to librdkafka, which sends while agents still work.
    """

    def __init__(
        self,
        settings: TransportSettings,
        metrics: Metrics,
        *,
        encode_dead_letter: EncodeDeadLetter = encode_plain,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._encode_dead_letter = encode_dead_letter
        self._producers: list[Producer] = []
        self._turn = 0
        self._producer: Producer | None = None
        """The one whose turn it is."""
        self._is_dead = False
        """librdkafka said that this producer can do nothing more, as a rule since it is fenced."""
        self.send: Callable[..., None] = self._refuse
        """librdkafka's own ``produce`` while a round is open."""
        self._undelivered: KafkaError | None = None
        self.in_transaction = False

    def connect(self) -> None:
        """Register the transactional ids: aborts what a predecessor in this slot left open.

        Raises:
            BrokerError: no answer within ``broker_wait_seconds``.
        """
        try:
            for turn in range(_PRODUCERS):
                producer = Producer(
                    {**self._settings.producer(turn), "on_delivery": self._on_delivery}, logger=log
                )
                producer.init_transactions(self._settings.broker_wait_seconds)
                self._producers.append(producer)
        except KafkaException as exc:
            raise transport_error(error_of(exc), "registering the transactional ids") from exc
        self._producer = self._producers[self._turn]

    def begin(self) -> None:
        """Open the round's transaction, with the producer whose last one is longer ago."""
        self._require()
        self._turn = (self._turn + 1) % _PRODUCERS
        self._producer = self._producers[self._turn]
        self._producer.begin_transaction()
        self.in_transaction = True
        self.send = self._require().produce

    def produce(
        self,
        topic: str,
        key: bytes | str | None,
        value: bytes | None,
        headers: Headers | None,
        partition: int = -1,
    ) -> None:
        """Send one record, partitioned by its key; waits while librdkafka's queue is full."""
        while True:
            try:
                self.send(topic, value, key, partition, None, None, 0, headers)
                return
            except BufferError:
                self._serve(0.01)
            except KafkaException as exc:
                raise self._sending_failed(error_of(exc), topic) from exc

    def produce_to(self, topic: str, partition: int, records: list[dict[str, Any]]) -> None:
        """Send many records (``key``, ``value``) to one partition: a table's changed rows."""
        if not self.in_transaction:
            self._refuse(topic)
        producer = self._require()
        while producer.produce_batch(topic, records, partition=partition) < len(records):
            # The number does not say which were taken: any of them may have failed.
            left = [record for record in records if "_error" in record]
            for record in left:
                error = record.pop("_error")
                if error.code() != KafkaError._QUEUE_FULL:
                    raise self._sending_failed(error, topic)
            records = left
            self._serve(0.01)

    def _sending_failed(self, error: KafkaError, topic: str) -> TransportError:
        doing = f"sending to {topic}"
        if error.code() == KafkaError._FATAL:
            # The cause comes with a poll, once: whoever ended the producer, it was not the record.
            self._is_dead = True
            self._serve(0)
            return FencedError(f"{doing}: {error.str()}")
        if error.code() != KafkaError._STATE:
            return self._meaning(error, doing)
        # The transaction has failed already: an earlier record was not delivered, or the broker
        # has ended it.  The delivery report that says why is on its way.
        for _ in range(_REPORT_POLLS):
            if self._undelivered is not None:
                return self._refused(self._undelivered, doing)
            self._serve(0.01)
        return BrokerError(f"{doing}: the round's transaction has failed already")

    def _refused(self, error: KafkaError, doing: str) -> TransportError:
        cause = transport_error(error, doing)
        return RoundError(str(cause)) if cause.exit_code is ExitCode.FAULT else cause

    def dead_letter(self, message: Message, headers: Headers, *, reason: str, detail: str) -> None:
        """Send ``message`` to the group's dead-letter topic."""
        letter = letter_of(
            message,
            reason=reason,
            detail=detail,
            value_bytes_max=self._settings.max_message_bytes,
        )
        value, more = self._encode_dead_letter(letter)
        topic = self._settings.dead_letter_topic
        self.produce(topic, letter.key, value, headers + more)
        self._metrics.dead_letters.labels(topic=letter.topic, reason=reason).inc()
        log.warning(
            "dead letter: %s/%d/%d: %s: %s",
            letter.topic,
            letter.partition,
            letter.offset,
            reason,
            detail,
        )

    def add_offsets(self, offsets: Iterable[TopicPartition], group_metadata: object) -> None:
        """Make the offsets part of the transaction, while its records are still on their way.

        Raises:
            FencedError: another member owns the partitions, or another process the slot.
            BrokerError: no answer within the transaction's time-out.
        """
        wanted = list(offsets)
        # Without a time-out of its own: to time out and go on has been seen to hang for good when
        # the broker crashed meanwhile. librdkafka bounds the wait by the transaction's time-out.
        producer = self._require()
        self._persist(
            lambda: producer.send_offsets_to_transaction(wanted, group_metadata),
            "adding offsets to the transaction",
        )

    def commit(self) -> None:
        """End the round: all of it becomes visible.

        Raises:
            FencedError: another process has the slot.
            BrokerError: no answer within the transaction's time-out.
        """
        self._await_deliveries()
        self._persist(self._require().commit_transaction, "ending the transaction")
        self.in_transaction = False
        self.send = self._refuse

    def _await_deliveries(self) -> None:
        # The flush inside of the commit looks every 10 ms only, since no delivery is reported.
        # What takes longer, or has failed, is left to it.
        producer = self._require()
        try:
            for _ in range(_FLUSHES):
                if not producer.flush(_FLUSH_SECONDS):
                    break
        except KafkaException as exc:
            raise self._meaning(error_of(exc), "sending") from exc

    def _persist(self, call: Callable[[], object], doing: str) -> None:
        """Repeat ``call`` while librdkafka says that repeating it is right (KIP-98)."""
        deadline = time.monotonic() + self._settings.transaction_timeout_ms / 1_000
        while True:
            try:
                call()
                return
            except KafkaException as exc:
                error = error_of(exc)
                if not error.retriable():
                    raise self._explained(error, doing) from exc
                if time.monotonic() > deadline:
                    raise BrokerError(f"{doing}: {error.str()}") from exc

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        # Called for failures only (delivery.report.only.error).
        if self._undelivered is None:
            self._undelivered = error
            log.error("a record for %s was not delivered: %s", message.topic(), error)

    def _serve(self, seconds: float) -> None:
        # Raises what is fatal, though it was asked for nothing: another process in this slot.
        try:
            self._require().poll(seconds)
        except KafkaException as exc:
            raise self._meaning(error_of(exc), "sending") from exc

    def _explained(self, error: KafkaError, doing: str) -> TransportError:
        if error.fatal():
            return self._meaning(error, doing)
        # «See individual delivery reports», says librdkafka; the first is the reason.
        self._serve(0)
        if error.code() == KafkaError._INCONSISTENT and self._undelivered is not None:
            error = self._undelivered
        return self._refused(error, doing)

    def _meaning(self, error: KafkaError, doing: str) -> TransportError:
        self._is_dead = self._is_dead or error.fatal()
        return transport_error(error, doing)

    def abort(self) -> None:
        """Give the round up, as far as the broker can be told; never raises.

        By fencing, as this slot's next process would: what is still on its way has an old epoch
        then, and is refused.  librdkafka's own abort ends the transaction in the epoch that it has,
        and forgets what has timed out: that opens the transaction anew when it comes, and holds
        readers up until this slot commits it with its next one (KIP-890).
        """
        if self._producer is None or not self.in_transaction:
            return
        self.in_transaction = False
        self.send = self._refuse
        if self._is_dead:
            # To fence now would end the successor.
            return
        try:
            fence = Producer(self._settings.producer(self._turn), logger=log)
            fence.init_transactions(_FENCE_SECONDS)
        except KafkaException as exc:
            # The broker aborts it when this slot comes back, or at its time-out.
            log.warning("the open transaction was left to the broker: %s", exc)

    def _require(self) -> Producer:
        if self._producer is None:
            raise TransportError("the producer is not connected")
        return self._producer

    def _refuse(self, topic: str, *_: object, **__: object) -> None:
        raise TransportError(f"a record for {topic} was sent outside of a round")
