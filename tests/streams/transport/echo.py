"""The echo pipeline from outside: what went in, what came out, and whether they agree."""

import random
import threading
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.streams.transport.workers import PROGRAM, Worker, wait_until

PARTITIONS = 4


class Echo:
    """One group of echo workers, its topics and its records."""

    def __init__(self, bootstrap: str, name: str, folder: Path, **options: Any) -> None:
        self.bootstrap = bootstrap
        self.name = name
        self.source, self.out = f"{name}-in", f"{name}-out"
        self.changelog = f"{name}-counts-changelog"
        self.dead_letters = f"{name}.dead-letters"
        self.workers: list[Worker] = []
        self.fed = 0
        self._folder = folder
        self.state_dir = folder / "state"
        self._per_key: dict[str, int] = defaultdict(int)
        self._options = {
            "name": name,
            "bootstrap": bootstrap,
            "state_dir": str(self.state_dir),
            "session_timeout_ms": 6_000,
            "transaction_timeout_ms": 5_000,
            "partitions": PARTITIONS,
            **options,
        }
        self.admin = AdminClient({"bootstrap.servers": bootstrap})
        self._producer: Producer | None = None
        self._follower: Consumer | None = None
        self._followed = 0

    def make_topics(self, **partitions: int) -> None:
        """Make the input topic, and others by name."""
        wanted = {self.source: PARTITIONS, **partitions}
        for future in self.admin.create_topics(
            [NewTopic(name, count, 1) for name, count in wanted.items()]
        ).values():
            future.result()

    def start(
        self,
        slot: int = 0,
        *,
        program: Path = PROGRAM,
        env: dict[str, str] | None = None,
        **more: Any,
    ) -> Worker:
        """Start a worker; ``more`` are settings of its own."""
        log = self._folder / f"worker-{len(self.workers)}.log"
        worker = Worker(
            {**self._options, "slot": slot, **more}, log, program=program, **(env or {})
        )
        self.workers.append(worker)
        return worker

    def end(self) -> None:
        """End all workers and clients."""
        for worker in self.workers:
            worker.end()
        self.forget_outputs()

    # --- input -----------------------------------------------------------------------------------

    def producer(self) -> Producer:
        """A producer that partitions as the Java client does."""
        if self._producer is None:
            self._producer = Producer(
                {
                    "bootstrap.servers": self.bootstrap,
                    "partitioner": "murmur2_random",
                    "linger.ms": 5,
                    "enable.idempotence": True,
                    "message.max.bytes": 2_000_000,
                }
            )
        return self._producer

    def feed(self, count: int, *, keys: int = 40) -> None:
        """Send records; each carries the number that it has among those of its key."""
        producer = self.producer()
        for _ in range(count):
            key = f"k{self.fed % keys}"
            self._per_key[key] += 1
            producer.produce(self.source, b"%d" % self._per_key[key], key)
            self.fed += 1
            producer.poll(0)
        assert producer.flush(30) == 0

    # --- output ----------------------------------------------------------------------------------

    def await_outputs(self, count: int | None = None, seconds: float = 60.0) -> None:
        """Return once so many committed outputs were seen; without a number, all there must be."""
        wanted = self.fed if count is None else count
        try:
            wait_until(lambda: self.look_for_outputs() >= wanted, f"{wanted} outputs", seconds)
        except AssertionError as exc:
            logs = "\n".join(worker.log[-1500:] for worker in self.workers[-3:])
            raise AssertionError(f"{exc}; {self._followed} came\n{logs}") from None

    def look_for_outputs(self) -> int:
        """How many committed outputs have been seen, those that are there now included."""
        if self._follower is None:
            self._follower = Consumer(self._reader("follow"))
            self._follower.assign([TopicPartition(self.out, p, 0) for p in range(PARTITIONS)])
        for message in self._follower.consume(10_000, 0.05):
            if message.error() is None:
                self._followed += 1
        return self._followed

    def forget_outputs(self) -> None:
        """Count from the beginning again, with a client that knows of no earlier broker."""
        if self._follower is not None:
            self._follower.close()
        self._follower, self._followed = None, 0

    @property
    def outputs_seen(self) -> int:
        """How many outputs ``await_outputs`` has counted."""
        return self._followed

    def read(self, topic: str) -> list[Message]:
        """All committed records of a topic, as far as it goes now."""
        consumer = Consumer({**self._reader("read"), "enable.partition.eof": True})
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
        messages: list[Message] = []
        ended: set[int | None] = set()

        def at_end() -> bool:
            for message in consumer.consume(10_000, 0.05):
                error = message.error()
                if error is None:
                    messages.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
            return len(ended) == len(partitions)

        wait_until(at_end, f"the end of {topic}")
        consumer.close()
        return messages

    def _reader(self, purpose: str) -> dict[str, Any]:
        return {
            "bootstrap.servers": self.bootstrap,
            "group.id": f"{self.name}-{purpose}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
            "fetch.queue.backoff.ms": 10,
        }

    # --- do they agree? --------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """What is lost, doubled, out of order, or counted wrongly; empty is right."""
        outputs: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for message in self.read(self.out):
            key = text(message.key())
            if key in self._per_key:
                sequence, count = str(message.value(), "ascii").split()  # type: ignore[arg-type]
                outputs[key].append((int(sequence), int(count)))
        found = []
        for key, last in sorted(self._per_key.items()):
            wanted = [(n, n) for n in range(1, last + 1)]
            if outputs[key] != wanted:
                found.append(f"{key}: {_first_difference(outputs[key], wanted)}")
        rows = self.table()
        for key, last in self._per_key.items():
            if rows.get(key) != last:
                found.append(f"the row of {key} says {rows.get(key)}, not {last}")
        return found

    def table(self) -> dict[str, int]:
        """The rows that the changelog leaves."""
        rows: dict[str, int] = {}
        for message in self.read(self.changelog):
            value = message.value()
            if value is None:
                rows.pop(text(message.key()), None)
            else:
                rows[text(message.key())] = int(value)
        return rows


def text(key: bytes | None) -> str:
    """A key as text."""
    assert key is not None
    return key.decode()


def _first_difference(got: list[tuple[int, int]], wanted: list[tuple[int, int]]) -> str:
    for index, (mine, right) in enumerate(zip(got, wanted, strict=False)):
        if mine != right:
            return f"at {index}: {mine} instead of {right}"
    return f"{len(got)} outputs instead of {len(wanted)}"


class Load:
    """Keeps feeding while a test does things to the workers."""

    def __init__(self, echo: Echo, *, per_second: int = 3_000) -> None:
        self._echo = echo
        self._burst = max(1, per_second // 20)
        self._over = threading.Event()
        self._failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            while not self._over.wait(0.05):
                self._echo.feed(self._burst)
        except BaseException as exc:
            self._failure.append(exc)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        assert not self._failure, self._failure


def shuffled(items: Iterable[Any], seed: int) -> list[Any]:
    """Items in an order that depends on the seed alone."""
    result = list(items)
    random.Random(seed).shuffle(result)
    return result
