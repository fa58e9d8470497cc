"""A broker of a benchmark's own: topics, the commands in them, and what came out."""

import contextlib
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

from bench.flow import Command
from bench.process import cpu_seconds
from schemas.codec import encoder
from schemas.topics import DEFAULT_KEYED_PARTITIONS, TOPICS
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.errors import TradeflowError

PARTITIONS = DEFAULT_KEYED_PARTITIONS
# Broker time on every output: clients stamp records by different rules.
_STAMPED = {"message.timestamp.type": "LogAppendTime"}
# What a client hears of a topic that was made anew under its old name.
_NOT_YET = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.UNKNOWN_TOPIC_ID,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
}


@dataclass
class Content:
    """What a topic holds, read committed."""

    times_ms: list[int] = field(default_factory=list)
    """When each record was appended, in time's order."""
    digest: int = 0
    """Equal for equal values, in whatever order they lie."""

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.times_ms)


class BenchBroker:
    """An embedded broker with a data folder that goes with the benchmark."""

    def __init__(self, folder: Path) -> None:
        self._broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=folder / "kafka"))

    def __enter__(self) -> Self:
        self._broker.start()
        self.bootstrap = self._broker.bootstrap
        # Their chatter of retries is for nobody.
        self._client: dict[str, Any] = {"bootstrap.servers": self.bootstrap, "log_level": 0}
        self._admin = AdminClient(self._client)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._broker.stop()

    @property
    def cpu_seconds(self) -> float:
        """What the broker's process has taken of the processors."""
        pid = self._broker.pid
        return 0.0 if pid is None else cpu_seconds(pid)

    # --- topics ----------------------------------------------------------------------------------

    def make_topics(self, *more: str) -> None:
        """The catalogue's topics, and some more like the first of them."""
        wanted = {
            topic.name: (topic.partition_count(PARTITIONS), topic.settings()) for topic in TOPICS
        }
        wanted |= dict.fromkeys(more, (PARTITIONS, TOPICS[0].settings()))
        there = self._topics()
        new = [
            NewTopic(name, partitions, 1, config=settings | _STAMPED)
            for name, (partitions, settings) in wanted.items()
            if name not in there
        ]
        for future in (self._admin.create_topics(new) if new else {}).values():
            future.result()
        await_true(lambda: set(wanted) <= self._topics(), "the topics")

    def remove_topics(self, *, but: Iterable[str]) -> None:
        """All topics but some, with their records; and what groups remember of them."""
        gone = list(self._topics() - set(but))
        for future in (self._admin.delete_topics(gone) if gone else {}).values():
            future.result()
        await_true(lambda: not self._topics() & set(gone), "topics to be gone")
        for group in self._admin.list_consumer_groups().result().valid:
            await_true(partial(self._forget_group, group.group_id), "groups to be gone")

    def _forget_group(self, group: str) -> bool:
        (future,) = self._admin.delete_consumer_groups([group]).values()
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NON_EMPTY_GROUP:
                raise
            return False
        return True

    def _topics(self) -> set[str]:
        names = self._admin.list_topics(timeout=10).topics
        return {name for name in names if not name.startswith("__")}

    # --- records ---------------------------------------------------------------------------------

    def preload(self, topic: str, commands: Iterable[Command]) -> None:
        """Write commands as the stage before matching does: keyed by symbol, with its headers."""
        self.fill(topic, map(encoded, commands))

    def fill(self, topic: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Write records, given as what a producer takes."""
        producer = Producer(
            {
                **self._client,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                # aiokafka, under stock Faust, reads no lz4 without another package.
                "compression.type": "none",
                "linger.ms": 20,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        for record in records:
            while True:
                try:
                    producer.produce(topic, **record)
                    break
                except BufferError:
                    producer.poll(0.1)
        if producer.flush(120):
            raise TradeflowError("The broker did not take the records in time.")

    def end(self, topic: str) -> int:
        """The sum of the partitions' ends for readers of committed records; 0: not known yet."""
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        futures = self._admin.list_offsets(
            {TopicPartition(topic, number): latest for number in range(PARTITIONS)},
            isolation_level=IsolationLevel.READ_COMMITTED,
        )
        try:
            return sum(future.result().offset for future in futures.values())
        except KafkaException as error:
            if error.args[0].code() not in _NOT_YET:
                raise
            return 0

    def content(self, topic: str) -> Content:
        """All committed records of a topic."""
        content = Content()
        for message in self.read(topic, dict.fromkeys(range(PARTITIONS), 0)):
            content.times_ms.append(message.timestamp()[1])
            content.digest = (content.digest + zlib.crc32(message.value() or b"")) % 2**64
        content.times_ms.sort()
        return content

    def ends(self, topic: str) -> dict[int, int]:
        """Where each partition of a topic ends, markers of transactions included."""
        with self.consumer() as consumer:
            return {
                number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1]
                for number in range(PARTITIONS)
            }

    def times_by_cause(self, topic: str, starts: Mapping[int, int]) -> dict[bytes, int]:
        """When the first record of each correlation id was appended, ms, from some offsets on."""
        times: dict[bytes, int] = {}
        for message in self.read(topic, starts):
            headers: Any = message.headers()
            if headers:  # else a tick of the clock
                times.setdefault(headers[0][1], message.timestamp()[1])
        return times

    def read(self, topic: str, starts: Mapping[int, int]) -> Iterator[Message]:
        """What is committed from these offsets on, by partition, to the ends."""
        with self.consumer({"enable.partition.eof": True}) as consumer:
            consumer.assign([TopicPartition(topic, *start) for start in starts.items()])
            left = set(starts)  # the end is told again whenever more has come
            while left:
                for message in consumer.consume(10_000, 0.2):
                    error = message.error()
                    if error is None:
                        yield message
                    elif error.code() == KafkaError._PARTITION_EOF:
                        left.discard(message.partition())
                    else:
                        raise KafkaException(error)

    @contextlib.contextmanager
    def consumer(self, more: dict[str, Any] | None = None) -> Iterator[Consumer]:
        """A reader of committed records that is in no group."""
        consumer = Consumer(
            {
                **self._client,
                "group.id": "bench-reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.queue.backoff.ms": 10,
                **(more or {}),
            }
        )
        try:
            yield consumer
        finally:
            consumer.close()


def encoded(command: Command, *, keyed_by: str = "symbol") -> dict[str, Any]:
    """A command as a record of ``orders.incoming``, or of a topic that has another key."""
    kind, fields = command
    return {
        "key": fields[keyed_by],
        "value": encoder(kind)(fields),
        "headers": [
            ("correlation-id", fields["command_id"].encode()),
            ("causation-id", f"orders.commands/0/{fields['time_ms']}".encode()),
            ("actor", fields["account_id"].encode()),
            ("event-time", b"%d" % fields["time_ms"]),
        ],
    }


def await_true(
    condition: Callable[[], bool], what: str, *, seconds: float = 60, every: float = 0.05
) -> None:
    """Wait for something that another process does.

    Raises:
        TradeflowError: it did not come in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TradeflowError(f"Waited {seconds:g} s for {what}.")
        time.sleep(every)
