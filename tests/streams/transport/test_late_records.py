"""Records and offsets that reach the broker behind the end of their transaction.

The embedded broker does not ask whether what comes belongs to an open transaction (KIP-890), so all
that comes late must come with an epoch that the end has made an old one.  Where the remedy is the
transport's, the same check must find the damage without it: else the test would prove nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from streams.transport.config import TransportSettings
from streams.transport.errors import FencedError, TransportError
from streams.transport.metrics import Metrics
from streams.transport.transaction import RoundProducer
from tests.streams.transport.echo import PARTITIONS, Echo
from tests.streams.transport.holding_proxy import PRODUCE, TXN_OFFSET_COMMIT, HoldingProxy
from tests.streams.transport.workers import Worker, wait_until
from tradeflow.broker import BrokerSettings, EmbeddedBroker, embedded

SOON_MS = 2_000
"""Of a transaction that is left to its time-out."""

LATE, AFTER = b"late", b"after"


class HeldUp:
    """A broker behind a proxy that can hold requests back."""

    def __init__(self, broker: EmbeddedBroker, proxy: HoldingProxy) -> None:
        self.broker = broker
        self.proxy = proxy

    def start(self) -> None:
        """Start the broker, also after a kill; clients are told the proxy's address."""
        real = embedded.server_properties

        def properties(**where: Any) -> str:
            # Whoever asks the starting broker learns the proxy's address, and goes there next.
            self.proxy.broker_port = where["port"]
            # Of two lines for one setting the last one counts.
            address = f"advertised.listeners=PLAINTEXT://{self.proxy.bootstrap}\n"
            return real(**where) + address

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(embedded, "server_properties", properties)
            self.broker.start()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldUp]:
    broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=tmp_path_factory.mktemp("late")))
    proxy = HoldingProxy()
    held_up = HeldUp(broker, proxy)
    held_up.start()
    try:
        yield held_up
    finally:
        broker.stop()
        proxy.close()


class Slot:
    """A worker's producers without the worker, its topic of one partition, and a reader's view."""

    def __init__(self, network: HeldUp, name: str, folder: Path) -> None:
        self.network = network
        self.topic, self.source = f"{name}-out", f"{name}-in"
        self.settings = TransportSettings(
            bootstrap=network.proxy.bootstrap, group=name, state_dir=folder
        )
        self.ask_anew()
        topics = [NewTopic(self.topic, 1, 1), NewTopic(self.source, 2, 1)]
        for made in self.admin.create_topics(topics).values():
            made.result(20)
        # Of an empty group, as a commit by hand would have it: it is not this test's fence.
        self._group = Consumer({"bootstrap.servers": network.proxy.bootstrap, "group.id": name})

    def ask_anew(self) -> None:
        """Ask by a client that knows of no earlier broker."""
        self.admin = AdminClient({"bootstrap.servers": self.network.proxy.bootstrap})

    def producer(self, **settings: Any) -> RoundProducer:
        """A new process in this slot, as far as the broker can tell."""
        producer = RoundProducer(replace(self.settings, **settings), Metrics())
        producer.connect()
        return producer

    def begin(self, producer: RoundProducer, value: bytes) -> None:
        """Begin a round with one record."""
        producer.begin()
        producer.produce(self.topic, b"key", value, None, 0)

    def add_offset(self, producer: RoundProducer, partition: int, offset: int) -> None:
        """Make an input's offset part of the round."""
        at = TopicPartition(self.source, partition, offset)
        producer.add_offsets([at], self._group.consumer_group_metadata())

    def end(self, *, committed: bool) -> int:
        """The end of the topic, or of what is committed or aborted in it."""
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        at = TopicPartition(self.topic, 0)
        answer = self.admin.list_offsets({at: OffsetSpec.latest()}, isolation_level=level)[at]
        return int(answer.result(20).offset)

    def values(self) -> list[bytes | None]:
        """What a reader of committed records sees, up to where it is held up."""
        reader = Consumer(
            {
                "bootstrap.servers": self.network.proxy.bootstrap,
                "group.id": f"{self.settings.group}-{uuid4().hex}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
            }
        )
        reader.assign([TopicPartition(self.topic, 0, 0)])
        values = []
        try:
            while (message := wait_until(lambda: reader.poll(0.1), "the end")).error() is None:
                values.append(message.value())
        finally:
            reader.close()
        return values

    def offset(self, partition: int) -> int | None:
        """The group's committed offset; None where it has none, or where one hangs."""
        at = TopicPartition(self.source, partition)
        asked = ConsumerGroupTopicPartitions(self.settings.group, [at])
        answers = self.admin.list_consumer_group_offsets([asked], require_stable=False)
        (found,) = answers[self.settings.group].result(20).topic_partitions
        return found.offset if found.offset >= 0 else None

    def close(self) -> None:
        """End the clients."""
        self._group.close()


@pytest.fixture
def slot(network: HeldUp, unique: str, tmp_path: Path) -> Iterator[Slot]:
    made = Slot(network, unique, tmp_path)
    yield made
    made.close()


def drop_all_and_abort(producer: RoundProducer) -> None:
    """As it once was: what is on its way was not waited for."""
    assert producer._producer is not None
    producer._producer.purge()
    with suppress(KafkaException):
        producer._producer.abort_transaction(1.0)


def abort_by_the_client(producer: RoundProducer) -> None:
    """What librdkafka offers: it waits, but only until its messages have timed out."""
    assert producer._producer is not None
    with suppress(KafkaException):
        producer._producer.abort_transaction(1.0)


Abort = Callable[[RoundProducer], None]


def go_on(slot: Slot, producer: RoundProducer) -> None:
    """A round with each of the slot's ids, the last one of input 1 at offset 8."""
    for offset in (7, 8):
        slot.begin(producer, AFTER)
        slot.add_offset(producer, 1, offset)
        producer.commit()


def is_whole(slot: Slot) -> bool:
    """Nothing came late, and nothing holds readers up."""
    wait_until(lambda: slot.offset(1) == 8, "the last round's offset")
    # A marker is written a little later than its transaction is decided.
    wait_until(lambda: slot.end(committed=False) >= 4, "the rounds' markers")
    seen = slot.values()
    return (
        seen == [AFTER, AFTER]
        and slot.offset(0) is None
        and slot.end(committed=True) == slot.end(committed=False)
    )


def abort_with_a_record_on_its_way(slot: Slot, abort: Abort) -> None:
    """A round's record is held; the round is given up; the record comes; the slot goes on."""
    first = slot.producer()
    slot.network.proxy.hold(PRODUCE, slot.settings.member)
    slot.begin(first, LATE)
    slot.network.proxy.wait_until_held()
    abort(first)
    wait_until(lambda: slot.end(committed=True) > 0, "the abort's marker")
    assert slot.network.proxy.let_go() > 0
    go_on(slot, slot.producer())


def test_a_record_that_comes_behind_an_abort_is_refused(slot: Slot) -> None:
    abort_with_a_record_on_its_way(slot, RoundProducer.abort)

    assert is_whole(slot)


def test_an_abort_that_drops_what_is_on_its_way_lets_it_be_committed_later(slot: Slot) -> None:
    abort_with_a_record_on_its_way(slot, drop_all_and_abort)

    assert not is_whole(slot)


def abort_with_a_record_that_timed_out(slot: Slot, abort: Abort) -> None:
    """As above, but the round fails: its record times out, behind its offsets."""
    # By default a message's time is the transaction's, and the coordinator may be first.
    first = slot.producer(extra_producer={"message.timeout.ms": 1_000, "linger.ms": 200})
    slot.network.proxy.hold(TXN_OFFSET_COMMIT, slot.settings.member)
    slot.begin(first, LATE)
    with pytest.raises(TransportError):
        slot.add_offset(first, 0, 5)
    abort(first)
    wait_until(lambda: slot.end(committed=True) > 0, "the abort's marker")
    assert slot.network.proxy.let_go() > 1
    go_on(slot, slot.producer())


def test_what_comes_behind_its_own_time_out_is_refused(slot: Slot) -> None:
    abort_with_a_record_that_timed_out(slot, RoundProducer.abort)

    assert is_whole(slot)


def test_an_abort_by_the_client_lets_what_timed_out_be_committed_later(slot: Slot) -> None:
    abort_with_a_record_that_timed_out(slot, abort_by_the_client)

    assert slot.offset(0) == 5
    assert LATE in slot.values()


def test_a_record_that_comes_behind_the_coordinators_time_out_is_refused(slot: Slot) -> None:
    first = slot.producer(transaction_timeout_ms=SOON_MS)
    slot.network.proxy.hold(PRODUCE, slot.settings.member)
    slot.begin(first, LATE)
    slot.network.proxy.wait_until_held()
    # A marker at least; librdkafka may have sent the record once more before.
    wait_until(lambda: slot.end(committed=True) > 0, "the transaction's end by its time-out")
    assert slot.network.proxy.let_go() > 0
    with pytest.raises(TransportError):
        first.commit()
    first.abort()
    go_on(slot, slot.producer())

    assert is_whole(slot)


def test_an_abort_of_who_was_fenced_does_not_fence_the_successor(slot: Slot) -> None:
    first = slot.producer()
    slot.begin(first, LATE)
    second = slot.producer()
    with pytest.raises(FencedError):
        first.commit()
    first.abort()
    go_on(slot, second)

    assert is_whole(slot)


def test_a_fenced_record_is_still_refused_by_a_broker_that_was_killed(slot: Slot) -> None:
    first = slot.producer()
    slot.network.proxy.hold(PRODUCE, slot.settings.member)
    slot.begin(first, LATE)
    slot.network.proxy.wait_until_held()
    second = slot.producer()
    wait_until(lambda: slot.end(committed=True) > 0, "the successor's fence")
    slot.network.broker.kill()
    slot.network.start()
    slot.ask_anew()
    assert slot.network.proxy.let_go() > 0
    go_on(slot, second)

    assert is_whole(slot)


# --- whole workers --------------------------------------------------------------------------------


@pytest.fixture
def pipeline(network: HeldUp, unique: str, tmp_path: Path) -> Iterator[Echo]:
    """An echo pipeline behind the proxy."""
    echo = Echo(network.proxy.bootstrap, unique, tmp_path, transaction_timeout_ms=SOON_MS)
    yield echo
    echo.end()


def ends(echo: Echo, level: IsolationLevel) -> list[int]:
    """The ends of its outputs and rows."""
    wanted = {
        TopicPartition(topic, partition): OffsetSpec.latest()
        for topic in (echo.out, echo.changelog)
        for partition in range(PARTITIONS)
    }
    answers = echo.admin.list_offsets(wanted, isolation_level=level)
    return [int(answer.result(20).offset) for answer in answers.values()]


def stable_ends(echo: Echo) -> list[int] | None:
    """The same; None while an open transaction holds readers up."""
    readers = ends(echo, IsolationLevel.READ_COMMITTED)
    return readers if readers == ends(echo, IsolationLevel.READ_UNCOMMITTED) else None


def hold_a_round(network: HeldUp, echo: Echo) -> None:
    """Feed, and return when a record of the worker's round is held."""
    network.proxy.hold(PRODUCE, f"{echo.name}-0")
    echo.feed(40)
    network.proxy.wait_until_held()


@pytest.fixture
def held_worker(network: HeldUp, pipeline: Echo) -> Worker:
    """A worker with a round that is on its way."""
    worker = pipeline.start()
    worker.wait_ready()
    pipeline.feed(40)
    pipeline.await_outputs()
    wait_until(lambda: stable_ends(pipeline), "the markers of its rounds")
    hold_a_round(network, pipeline)
    return worker


def test_a_killed_workers_late_records_change_nothing(
    network: HeldUp, pipeline: Echo, held_worker: Worker
) -> None:
    held_worker.kill()
    pipeline.start().wait_ready()
    assert network.proxy.let_go() > 0
    pipeline.feed(40)
    pipeline.await_outputs()

    assert pipeline.faults() == []
    wait_until(lambda: stable_ends(pipeline), "ends without open transactions")


def test_a_stopped_workers_late_records_change_nothing(
    network: HeldUp, pipeline: Echo, held_worker: Worker
) -> None:
    before = stable_ends(pipeline)
    assert before
    held_worker.signal(SIGSTOP)
    wait_until(lambda: (stable_ends(pipeline) or before) != before, "the markers of its time-out")
    assert network.proxy.let_go() > 0
    held_worker.signal(SIGCONT)
    assert held_worker.exit_code() > 0
    pipeline.start().wait_ready()
    pipeline.feed(40)
    pipeline.await_outputs()

    assert pipeline.faults() == []
    wait_until(lambda: stable_ends(pipeline), "ends without open transactions")
