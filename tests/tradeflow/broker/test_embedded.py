"""The embedded broker as Python code uses it: a real Kafka, started and stopped for real."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.errors import TradeflowError


@pytest.fixture(scope="module")
def stopped_and_started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=tmp_path_factory.mktemp("own")))
    yield broker
    broker.stop()


@pytest.fixture
def own_broker(stopped_and_started: EmbeddedBroker) -> EmbeddedBroker:
    """A running broker that a test may stop or kill."""
    stopped_and_started.start()
    return stopped_and_started


def _write(broker: EmbeddedBroker, topic: str, *values: bytes) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic(topic, num_partitions=1)])[topic].result(timeout=20)
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(20) == 0


def _read(broker: EmbeddedBroker, topic: str, *, count: int) -> list[bytes | None]:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": topic})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        return [message.value() for message in consumer.consume(count, timeout=20)]
    finally:
        consumer.close()


def test_a_second_start_leaves_the_running_broker_alone(own_broker: EmbeddedBroker) -> None:
    pid = own_broker.pid

    EmbeddedBroker(own_broker.settings).start()

    assert pid is not None
    assert own_broker.pid == pid


def test_records_and_address_survive_a_stop(own_broker: EmbeddedBroker, unique: str) -> None:
    _write(own_broker, unique, b"one", b"two")
    address = own_broker.bootstrap

    own_broker.stop()
    assert not own_broker.is_running()
    own_broker.start()

    assert own_broker.bootstrap == address
    assert _read(own_broker, unique, count=2) == [b"one", b"two"]


def test_records_survive_a_kill_and_its_leftovers_do_not_hinder_the_next_start(
    own_broker: EmbeddedBroker, unique: str
) -> None:
    _write(own_broker, unique, b"one", b"two")

    own_broker.kill()
    assert not own_broker.is_running()
    assert (own_broker.data_dir / "broker.pid").exists()
    own_broker.start()

    assert _read(own_broker, unique, count=2) == [b"one", b"two"]


def test_topics_are_made_on_purpose_only(own_broker: EmbeddedBroker, unique: str) -> None:
    admin = AdminClient({"bootstrap.servers": own_broker.bootstrap})

    admin.list_topics(topic=unique, timeout=20)

    assert unique not in admin.list_topics(timeout=20).topics


def test_a_broker_that_ends_while_it_starts_says_why(own_broker: EmbeddedBroker) -> None:
    own_broker.stop()
    identity = own_broker.data_dir / "log" / "meta.properties"
    original = identity.read_text()
    identity.write_text(original.replace("node.id=1", "node.id=7"))
    try:
        with pytest.raises(TradeflowError, match=r"ended while it started: .*node id") as raised:
            own_broker.start()
    finally:
        identity.write_text(original)

    assert str(own_broker.server_log) in raised.value.remedy
    assert not own_broker.is_running()


@pytest.mark.parametrize("setting", ["port", "controller_port"])
def test_a_taken_port_is_named_with_the_setting_that_changes_it(
    setting: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"port": 0, "controller_port": 0} | {setting: port}
        broker = EmbeddedBroker(BrokerSettings(data_dir=tmp_path, **ports))

        with pytest.raises(TradeflowError) as raised:
            broker.start()

    assert str(raised.value) == (
        f"Port {port} on 127.0.0.1 is taken by another program."
        f" Set TRADEFLOW_BROKER_{setting.upper()} to another port, or to 0 for any free one."
    )


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    # An address set aside for documentation: no machine has it.
    broker = EmbeddedBroker(BrokerSettings(host="192.0.2.1", port=9092, data_dir=tmp_path))

    with pytest.raises(TradeflowError, match=r"cannot listen on 192\.0\.2\.1:9092.*_HOST"):
        broker.start()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=in_the_way / "kafka"))

    with pytest.raises(TradeflowError, match=r"cannot write.*file/kafka.*_DATA_DIR"):
        broker.start()


def test_the_address_of_a_broker_that_never_started_is_not_made_up(tmp_path: Path) -> None:
    broker = EmbeddedBroker(BrokerSettings(data_dir=tmp_path))

    with pytest.raises(TradeflowError, match="never started"):
        _ = broker.bootstrap


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [("heap", "900000g", "heap"), ("java_options", "-Dfine=1 -XX:+NoSuchOption", "NoSuchOption")],
)
def test_what_java_does_not_start_with_is_named(
    setting: str, value: str, why: str, stopped_and_started: EmbeddedBroker, tmp_path: Path
) -> None:
    refused = rf"Java does not start with.*(?i:{why}).*_HEAP or TRADEFLOW_BROKER_JAVA_OPTIONS"
    fresh, used = tmp_path, stopped_and_started.data_dir
    stopped_and_started.start()
    stopped_and_started.stop()

    for folder in (fresh, used):
        settings = BrokerSettings.model_validate({"port": 0, "data_dir": folder, setting: value})
        with pytest.raises(TradeflowError, match=refused):
            EmbeddedBroker(settings).start()
