"""The runner with a real broker and the smallest real store."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.errors import ConfigError
from connectors.event import Place
from connectors.rebuild import Rebuild, require_nobody_runs
from connectors.settings import ConnectorSettings
from connectors.sink import Batch
from schemas.codec import encode
from tests.connectors.feeding import Feeding, Written, eventually, make_topics, produce
from tests.connectors.sqlite_sink import REFUSED, SqliteSink, stored
from tests.fixtures.kafka import TestBroker

PARTITIONS = 3


@pytest.fixture
def topic(broker: TestBroker, unique: str) -> str:
    make_topics(broker.bootstrap, {unique: PARTITIONS})
    return unique


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def ticks(topic: str, count: int, *, first: int = 0) -> Iterator[Written]:
    for number in range(first, first + count):
        yield topic, number % PARTITIONS, None, encode("Tick", {"time_ms": number})


def sink_of(file: Path, topic: str) -> SqliteSink:
    return SqliteSink(file, (topic,), topic)


def times(file: Path) -> list[int]:
    """The number in each stored tick."""
    return sorted(int(content.split(", ")[1].rstrip(")]")) for *_, content in stored(file))


def test_each_record_is_stored_once_and_the_lag_falls_to_nothing(
    broker: TestBroker, topic: str, file: Path
) -> None:
    produce(broker.bootstrap, ticks(topic, 3_000))

    with Feeding(broker.bootstrap, sink_of(file, topic), batch_records=400) as feeding:
        eventually(lambda: len(stored(file)) == 3_000, "all are stored")
        eventually(lambda: feeding.health.is_ready and feeding.health.lag == 0, "no lag")
        assert feeding.metric("rows_total") == 3_000
        assert feeding.metric("records_total", topic=topic) == 3_000

    assert times(file) == list(range(3_000))


def test_company_that_comes_and_goes_loses_and_doubles_nothing(
    broker: TestBroker, topic: str, file: Path
) -> None:
    first = Feeding(broker.bootstrap, sink_of(file, topic), batch_records=50)
    with first:
        produce(broker.bootstrap, ticks(topic, 500))
        eventually(lambda: first.health.partitions == PARTITIONS, "one has all")
        with Feeding(broker.bootstrap, sink_of(file, topic), batch_records=50) as second:
            produce(broker.bootstrap, ticks(topic, 500, first=500))
            eventually(lambda: second.health.partitions > 0, "the second has some")
            produce(broker.bootstrap, ticks(topic, 500, first=1_000))
        produce(broker.bootstrap, ticks(topic, 500, first=1_500))
        eventually(lambda: len(stored(file)) == 2_000, "all are stored")

    assert times(file) == list(range(2_000))


def test_offsets_of_the_group_are_for_tools_only(
    broker: TestBroker, topic: str, file: Path
) -> None:
    produce(broker.bootstrap, ticks(topic, 300))
    with Feeding(broker.bootstrap, sink_of(file, topic)):
        eventually(lambda: len(stored(file)) == 300, "all are stored")
    before = stored(file)

    group = f"connect-{topic}"
    start = [TopicPartition(topic, number, 0) for number in range(PARTITIONS)]
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    moved = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, start)])
    moved[group].result(30)

    with Feeding(broker.bootstrap, sink_of(file, topic)) as again:
        produce(broker.bootstrap, ticks(topic, 3, first=300))
        eventually(lambda: len(stored(file)) == 303, "the new ones are stored")
        assert again.metric("rows_total") == 3

    assert set(before) < set(stored(file))


def test_what_is_no_record_is_counted_and_stops_nothing(
    broker: TestBroker, topic: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    produce(
        broker.bootstrap,
        [*ticks(topic, 3), (topic, 0, b"key", b"junk"), *ticks(topic, 3, first=3)],
        transactions_of=100,
    )

    with Feeding(broker.bootstrap, sink_of(file, topic)) as feeding:
        eventually(lambda: len(stored(file)) == 6, "the others are stored")
        eventually(lambda: feeding.health.lag == 0, "the position is behind it")
        assert feeding.metric("undecodable_total", topic=topic) == 1

    assert f"{topic}/0/1 is no record and is left out" in caplog.text


def test_what_the_store_refuses_is_counted_and_stops_nothing(
    broker: TestBroker, topic: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    query = {
        "command_id": "c",
        "account_id": "a",
        "symbol": "BTCUSDT",
        "order_id": 0,
        "original_client_order_id": "",
        "time_ms": 0,
    }
    cancel = {**query, "client_order_id": REFUSED, "restriction": "NONE", "hold_id": ""}
    produce(
        broker.bootstrap,
        [*ticks(topic, 1), (topic, 0, b"a", encode("CancelOrder", cancel)), *ticks(topic, 3)],
    )

    with Feeding(broker.bootstrap, sink_of(file, topic)) as feeding:
        eventually(lambda: len(stored(file)) == 4, "the others are stored")
        assert feeding.metric("refused_total", topic=topic) == 1

    assert f"{topic}/0/1 is refused and left out: as asked" in caplog.text


def test_a_store_that_is_away_is_waited_for(
    broker: TestBroker, topic: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with Feeding(broker.bootstrap, sink_of(file, topic), breaker_failures=2) as feeding:
        produce(broker.bootstrap, ticks(topic, 100))
        eventually(lambda: len(stored(file)) == 100, "the first are stored")
        other = sqlite3.connect(file)
        other.execute("begin exclusive")
        produce(broker.bootstrap, ticks(topic, 5_000, first=100))
        eventually(lambda: feeding.health.breaker == "open", "the breaker opens")
        eventually(lambda: (feeding.health.lag or 0) >= 5_000, "the lag shows")
        assert feeding.health.is_live and not feeding.health.is_ready
        assert feeding.health.store == "down"
        assert feeding.metric("breaker_state") in (1, 2)
        other.close()
        eventually(lambda: len(stored(file)) == 5_100, "all are stored")
        eventually(lambda: feeding.health.is_ready, "it is well again")
        assert feeding.metric("breaker_state") == 0
        assert feeding.metric("retries_total") >= 2

    assert times(file) == list(range(5_100))
    assert caplog.text.count("SQLite: database is locked. It is tried again") == 1
    assert "the store is back after" in caplog.text


def test_what_is_reassigned_while_the_store_is_away_is_read_again(
    broker: TestBroker, topic: str, file: Path
) -> None:
    with Feeding(broker.bootstrap, sink_of(file, topic)) as first:
        produce(broker.bootstrap, ticks(topic, 30))
        eventually(lambda: len(stored(file)) == 30, "the first are stored")
        other = sqlite3.connect(file)
        other.execute("begin exclusive")
        produce(broker.bootstrap, ticks(topic, 300, first=30))
        eventually(lambda: first.health.store == "down", "it is away")
        seen = first.runner.source.generation
        with Feeding(broker.bootstrap, sink_of(file, topic)) as second:
            eventually(lambda: second.runner.source.assigned != frozenset(), "it has some")
        eventually(lambda: len(first.runner.source.assigned) == PARTITIONS, "one has all again")
        assert first.runner.source.generation > seen
        other.close()
        eventually(lambda: len(stored(file)) == 330, "all are stored")
        eventually(lambda: first.health.lag == 0, "no lag")

    assert times(file) == list(range(330))


def test_a_process_that_was_overtaken_is_fenced_and_goes_on(
    broker: TestBroker, topic: str, file: Path
) -> None:
    with Feeding(broker.bootstrap, sink_of(file, topic)) as feeding:
        produce(broker.bootstrap, ticks(topic, 30))
        eventually(lambda: len(stored(file)) == 30, "the first are stored")
        # As another process would that still believes that it has the partition.
        position = feeding.runner.positions[Place(topic, 0)]
        usurper = sink_of(file, topic)
        usurper.connect()
        ahead = {Place(topic, 0): position + 1}
        usurper.write(Batch([], {Place(topic, 0): position}, ahead))
        usurper.close()
        produce(broker.bootstrap, ticks(topic, 30, first=30))
        eventually(lambda: len(stored(file)) == 60, "the rest are stored")
        assert feeding.metric("fenced_total") == 1


def test_a_store_that_was_fed_from_another_log_is_refused(
    broker: TestBroker, topic: str, file: Path
) -> None:
    sink = sink_of(file, topic)
    sink.connect()
    sink.write(Batch([], {Place(topic, 1): 0}, {Place(topic, 1): 77}))
    feeding = Feeding(broker.bootstrap, sink)

    with pytest.raises(ConfigError, match=f"has {topic}/1 up to 77, but that ends at 0"), feeding:
        feeding.join()


def test_a_rebuild_fills_an_emptied_store_up_to_the_end_and_stops(
    broker: TestBroker, topic: str, file: Path
) -> None:
    produce(broker.bootstrap, ticks(topic, 2_000))
    with Feeding(broker.bootstrap, sink_of(file, topic)):
        eventually(lambda: len(stored(file)) == 2_000, "all are stored")
        with pytest.raises(ConfigError, match="1 processes feed this store already"):
            require_nobody_runs(ConnectorSettings(broker=broker.bootstrap), f"connect-{topic}")
    before = stored(file)
    with sqlite3.connect(file) as db:
        db.execute("delete from events where offset % 7 = 0")
    db.close()

    require_nobody_runs(ConnectorSettings(broker=broker.bootstrap), f"connect-{topic}")
    shown: list[tuple[int, int]] = []
    rebuild = Rebuild(lambda done, all_: shown.append((done, all_)))
    feeding = Feeding(broker.bootstrap, sink_of(file, topic), rebuild, clear=True)
    with feeding:
        assert feeding.join() is None

    assert rebuild.is_done
    assert shown == sorted(shown)
    assert shown[-1][0] == shown[-1][1] > 2_000
    assert stored(file) == before
