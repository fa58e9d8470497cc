"""The run: read a stage's input from its beginning, keep what came of the range that is wanted."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.instruments import Instrument
from schemas.topics import (
    CANDLES,
    MARKETDATA_DEAD_LETTERS,
    MATCHING_DEAD_LETTERS,
    ORDERBOOK_UPDATES,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    TICKERS,
    TRADES,
    WALLET_COMMANDS,
)
from streams.agents.marketdata import declare_marketdata
from streams.agents.matching import declare_matching
from tradeflow.reprocessing.log_range import Bound, LogRange, log_range
from tradeflow.reprocessing.rerun_stage import RerunStage
from tradeflow.reprocessing.target_topics import TargetTopics
from tradeflow.simulation.log import LogRecord
from tradeflow.simulation.rounds import Output
from tradeflow.topic_reader import Partition, Topics, broker_error, client_settings

Progress = Callable[[int, int], None]
"""Offsets read, of how many."""

_BATCH = 2_000
_MATCHED = (ORDERS_EXECUTIONS, TRADES, ORDERBOOK_UPDATES, WALLET_COMMANDS, MATCHING_DEAD_LETTERS)
_CHARTED = (CANDLES, TICKERS, MARKETDATA_DEAD_LETTERS)

INPUTS: Mapping[str, str] = {
    "candles": TRADES.name,
    "matching": ORDERS_INCOMING.name,
    "all": ORDERS_INCOMING.name,
}
"""What each choice of stages reads."""

OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "candles": tuple(topic.name for topic in _CHARTED),
    "matching": tuple(topic.name for topic in _MATCHED),
    "all": tuple(topic.name for topic in (*_MATCHED, *_CHARTED)),
}
"""And what it writes, each with the suffix behind its name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run again."""

    stage: str
    suffix: str
    begin: Bound | None = None
    end: Bound | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Reprocessed:
    """What was done."""

    read: int
    """Records, those before the range included: the stage's state comes of them."""
    written: Mapping[str, int]
    """By new topic."""


class Stages:
    """The stages of a plan, one behind the other, as they are partitioned live."""

    def __init__(self, stage: str, instruments: Mapping[str, Instrument], grace_ms: int) -> None:
        charts = partial(declare_marketdata, instruments=instruments, grace_ms=grace_ms)
        matching = partial(declare_matching, instruments=instruments)
        self._matching = RerunStage("matching", matching) if stage != "candles" else None
        self._charts = RerunStage("marketdata", charts) if stage != "matching" else None
        self._offsets: Counter[int] = Counter()

    def process(self, topic: str, number: int, messages: Sequence[Any]) -> Sequence[Output]:
        """What comes of some records of one partition."""
        if self._matching is None:
            assert self._charts is not None
            return self._charts.process(topic, number, messages)
        outputs = list(self._matching.process(topic, number, messages))
        if self._charts is not None:
            trades = self._as_logged(number, outputs, messages[-1].timestamp()[1])
            if trades:
                outputs += self._charts.process(TRADES.name, number, trades)
        return outputs

    def _as_logged(self, number: int, outputs: Sequence[Output], time_ms: int) -> list[LogRecord]:
        """The trades as marketdata reads them: a symbol's are on the partition of its orders."""
        trades = []
        for output in outputs:
            if output.topic == TRADES.name:
                offset = self._offsets[number]
                self._offsets[number] += 1
                headers = list(output.headers or ())
                trades.append(
                    LogRecord(
                        TRADES.name, number, offset, output.key, output.value, headers, time_ms
                    )
                )
        return trades

    def close(self) -> None:
        """End their agents."""
        for stage in (self._matching, self._charts):
            if stage is not None:
                stage.close()


def reprocess(
    bootstrap: str,
    plan: Plan,
    instruments: Mapping[str, Instrument],
    *,
    grace_ms: int,
    progress: Progress,
) -> Reprocessed:
    """Run stages again; live topics are only read.

    Raises:
        TradeflowError: the range cannot be read, or the new topics cannot be written.
    """
    topics = Topics(bootstrap)
    wanted = log_range(topics, INPUTS[plan.stage], plan.begin, plan.end)
    target = TargetTopics(bootstrap, topics, plan.suffix, OUTPUTS[plan.stage])
    target.make(replace=plan.replace)
    stages = Stages(plan.stage, instruments, grace_ms)
    try:
        read = _run(bootstrap, wanted, stages, target, progress)
    finally:
        stages.close()
    target.flush()
    return Reprocessed(read, {name: target.counts[name] for name in target.names})


def _run(
    bootstrap: str, wanted: LogRange, stages: Stages, target: TargetTopics, progress: Progress
) -> int:
    positions = dict(wanted.starts)
    size, count = wanted.size, 0
    consumer = _consumer(bootstrap, positions)
    try:
        while any(positions[tp] < end for tp, end in wanted.ends.items()):
            for partition, messages in _take(consumer, positions, wanted.ends).items():
                count += len(messages)
                number, begin = partition.number, wanted.begins[partition]
                before = [message for message in messages if message.offset() < begin]
                inside = messages[len(before) :]
                if before:
                    stages.process(partition.topic, number, before)
                if inside:
                    target.write(stages.process(partition.topic, number, inside))
            left = sum(max(0, end - positions[tp]) for tp, end in wanted.ends.items())
            progress(size - left, size)
    finally:
        consumer.close()
    return count


def _consumer(bootstrap: str, starts: Mapping[Partition, int]) -> Consumer:
    consumer = Consumer(
        {
            **client_settings(bootstrap),
            # Never used: this consumer joins no group and commits nothing.
            "group.id": "tradeflow-reprocess",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "fetch.wait.max.ms": 20,
            "queued.max.messages.kbytes": 32 * 1024,
        }
    )
    consumer.assign([TopicPartition(*tp, offset) for tp, offset in starts.items()])
    return consumer


def _take(
    consumer: Consumer, positions: dict[Partition, int], ends: Mapping[Partition, int]
) -> dict[Partition, list[Any]]:
    """The next records by partition, up to the ends; ``positions`` move on."""
    taken: dict[Partition, list[Any]] = {}
    first = consumer.poll(1.0)
    for message in (first, *consumer.consume(_BATCH - 1, 0)) if first is not None else ():
        told: Any = message
        partition = Partition(told.topic(), told.partition())
        error = told.error()
        if error is None:
            positions[partition] = told.offset() + 1
            if told.offset() < ends[partition]:
                taken.setdefault(partition, []).append(told)
        elif error.code() == KafkaError._PARTITION_EOF:
            # Behind markers and aborted records, which never show as messages.
            positions[partition] = told.offset()
        elif not error.retriable():
            raise broker_error(KafkaException(error))
    return taken
