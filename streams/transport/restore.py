"""Restoring tables from their changelogs, before the first round of an assignment.

The order matters, and closes a hole: a worker that stalled between adding its offsets to a
transaction and ending it may end it after the partition has a new owner.  So the new owner first
asks for the committed offsets, which waits for such a transaction; then for each changelog's end
*including* what is not yet committed; and then reads, committed records only, up to that end.
"""

import logging
import time
from collections.abc import Callable, Mapping

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ListOffsetsResultInfo,
    OffsetSpec,
)
from faust.types import TP

from streams.transport.config import TransportSettings
from streams.transport.errors import BrokerError
from streams.transport.kafka_errors import error_of, transport_error
from streams.transport.metrics import Metrics
from streams.transport.records import offset_of, tp_of
from streams.transport.table import Table

log = logging.getLogger(__name__)

_PROGRESS_SECONDS = 2.0
# What a broker says of a partition that was made, or has changed its leader, a moment ago.
_SOON_OVER = frozenset(
    {
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.OFFSET_NOT_AVAILABLE,
    }
)
_NO_LEADER_YET = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)


class Restorer:
    """Reads changelog partitions into tables; blocks, so it belongs on the Kafka thread."""

    def __init__(self, settings: TransportSettings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics

    def restore(
        self,
        admin: AdminClient,
        changelogs: Mapping[TP, Table],
        *,
        interrupted: Callable[[], bool],
    ) -> bool:
        """Rebuild the given partitions; False if ``interrupted`` said that they moved again.

        Raises:
            BrokerError: no answer, or no end of the changelog in sight for a minute.
        """
        started = time.monotonic()
        for tp, table in changelogs.items():
            table.begin_restore(tp.partition)
        starts = self._offsets(admin, changelogs, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
        ends = self._offsets(admin, changelogs, OffsetSpec.latest())  # type: ignore[no-untyped-call]
        pending = {tp: ends[tp] for tp in changelogs if ends[tp] > starts[tp]}
        rows = 0
        if pending:
            consumer = Consumer(self._settings.restorer(), logger=log)
            try:
                consumer.assign([TopicPartition(*tp, starts[tp]) for tp in pending])
                finished, rows = self._read(consumer, changelogs, pending, interrupted)
            finally:
                consumer.close()
            if not finished:
                return False
        seconds = time.monotonic() - started
        self._metrics.restore_seconds.set(seconds)
        log.info("restored %d partitions: %d rows read in %.2f s", len(changelogs), rows, seconds)
        return True

    def _offsets(
        self, admin: AdminClient, changelogs: Mapping[TP, Table], spec: OffsetSpec
    ) -> dict[TP, int]:
        """Offsets of the changelogs, not stopping at transactions that are still open."""
        offsets: dict[TP, int] = {}
        deadline = time.monotonic() + self._settings.broker_wait_seconds
        while missing := [TopicPartition(*tp) for tp in changelogs if tp not in offsets]:
            futures = admin.list_offsets(
                dict.fromkeys(missing, spec),
                isolation_level=IsolationLevel.READ_UNCOMMITTED,
                request_timeout=self._settings.broker_wait_seconds,
            )
            for partition, future in futures.items():
                tp = TP(partition.topic, partition.partition)
                try:
                    result: ListOffsetsResultInfo = future.result()
                except KafkaException as exc:
                    error = error_of(exc)
                    if error.code() not in _SOON_OVER or time.monotonic() > deadline:
                        raise transport_error(error, f"asking for the end of {tp.topic}") from exc
                    time.sleep(0.02)
                else:
                    offsets[tp] = result.offset
        return offsets

    def _read(
        self,
        consumer: Consumer,
        changelogs: Mapping[TP, Table],
        ends: dict[TP, int],
        interrupted: Callable[[], bool],
    ) -> tuple[bool, int]:
        total = sum(ends.values())
        pending = dict(ends)
        rows = 0
        progressed = reported = time.monotonic()
        while pending:
            if interrupted():
                return False, rows
            # Poll for one and take the rest from the local queue: see GroupReader.take.
            first = consumer.poll(0.1)
            messages = [] if first is None else [first, *consumer.consume(10_000, 0)]
            now = time.monotonic()
            if messages:
                rows += self._apply(messages, changelogs, pending)
                progressed = now
            elif now - progressed > 60:
                raise BrokerError(f"the changelogs' ends were not reached: {sorted(pending)}")
            if now - reported > _PROGRESS_SECONDS:
                reported = now
                log.info("restoring: %d rows read, at most %d records to read", rows, total)
        return True, rows

    def _apply(
        self, messages: list[Message], changelogs: Mapping[TP, Table], pending: dict[TP, int]
    ) -> int:
        """Put messages into their tables; partitions that reached their end leave ``pending``."""
        records: dict[TP, list[tuple[bytes, bytes | None]]] = {}
        rows = 0
        for message in messages:
            tp = tp_of(message)
            error = message.error()
            if error is None:
                records.setdefault(tp, []).append((message.key() or b"", message.value()))
                rows += 1
                reached = offset_of(message) + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                # The position, behind markers and aborted records that never show as messages.
                reached = offset_of(message)
            elif error.retriable():
                continue
            else:
                raise transport_error(error, f"reading changelog {tp.topic}")
            if reached >= pending.get(tp, reached + 1):
                del pending[tp]
        for tp, batch in records.items():
            table = changelogs[tp]
            table.restore(tp.partition, batch)
            self._metrics.restored_rows.labels(table=table.name).inc(len(batch))
        return rows
