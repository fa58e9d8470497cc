"""Which part of the log: from and to, as offsets or as times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]

from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, Topics, broker_error

_OFFSET_DIGITS_MAX = 12
"""A longer number is a time, in ms since the epoch."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An offset of every partition, or a time of the log in ms."""

    offset: int | None = None
    time_ms: int | None = None


def parse_bound(text: str) -> Bound:
    """What --from and --to say: an offset, ms since the epoch, or ISO 8601 (UTC by default).

    Raises:
        TradeflowError: it is none of these.
    """
    if text.isascii() and text.isdigit():
        number = int(text)
        return Bound(offset=number) if len(text) <= _OFFSET_DIGITS_MAX else Bound(time_ms=number)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TradeflowError(
            f"{text!r} is neither an offset nor a time.",
            remedy="Write 1500, or 2026-01-31T12:00:00, or milliseconds since the epoch.",
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return Bound(time_ms=round(moment.timestamp() * 1_000))


@dataclass(frozen=True, slots=True)
class LogRange:
    """Of each partition: where the log begins, where what is wanted begins, and its end."""

    starts: Mapping[Partition, int]
    begins: Mapping[Partition, int]
    ends: Mapping[Partition, int]

    @property
    def size(self) -> int:
        """Offsets to read; markers of transactions are among them."""
        return sum(max(0, end - self.starts[tp]) for tp, end in self.ends.items())


def log_range(topics: Topics, topic: str, begin: Bound | None, end: Bound | None) -> LogRange:
    """The range of a topic; without a beginning all of it, without an end as far as it is now.

    Raises:
        TradeflowError: there is no such topic, or its beginning is gone.
    """
    partitions = topics.partitions(topic)
    starts, now = topics.starts(partitions), topics.ends(partitions)
    for partition, start in starts.items():
        if start:
            raise TradeflowError(
                f"{partition} begins at offset {start} only: what came before is gone.",
                remedy="A stage can only be run again where its whole past is kept.",
            )
    begins = starts if begin is None else _offsets(topics, begin, now)
    ends = now if end is None else _offsets(topics, end, now)
    return LogRange(starts, begins, {tp: min(ends[tp], now[tp]) for tp in partitions})


def _offsets(topics: Topics, bound: Bound, now: Mapping[Partition, int]) -> dict[Partition, int]:
    if bound.offset is not None:
        return dict.fromkeys(now, bound.offset)
    spec: Any = OffsetSpec.for_timestamp(bound.time_ms or 0)
    asked = {TopicPartition(*partition): spec for partition in now}
    try:
        found = topics.admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED)
        offsets = {Partition(tp.topic, tp.partition): f.result().offset for tp, f in found.items()}
    except KafkaException as error:
        raise broker_error(error) from error
    # Where nothing is as late as that, the range begins or ends with the log.
    return {tp: now[tp] if offset < 0 else offset for tp, offset in offsets.items()}
