"""MySQL and its connector killed under load; afterwards the tables equal the reference."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import mysql.connector
import pytest

from connectors.event import Place
from connectors.mysql import MysqlSink
from tests.chaos.exchange import INSTRUMENTS
from tests.connectors.agreement import require_agreement
from tests.connectors.exchange_log import exchange_log
from tests.connectors.feeding import eventually, produce
from tests.connectors.mysql_store import MysqlStore
from tests.connectors.processes import ConnectorProcess
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.fixtures.mysql import fresh_database, running_mysql
from tradeflow.stores.mysql import EmbeddedMysql

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
GONE_SECONDS = float(os.environ.get("TRADEFLOW_GONE_SECONDS", "15"))
COMMANDS = 300 * max(3, KILLS // 2)
TOPICS = MysqlSink.topics

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + 30 * KILLS + GONE_SECONDS)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMysql]:
    """A server that tests may kill."""
    with running_mysql(tmp_path_factory.mktemp("killed-mysql")) as server:
        yield server


@pytest.fixture
def store(server: EmbeddedMysql) -> MysqlStore:
    server.start()
    return MysqlStore(fresh_database(server))


class Connectors:
    """Connectors into one database, one after the other."""

    def __init__(self, topics: ExchangeTopics, store: MysqlStore, folder: Path) -> None:
        self._topics = topics
        self._store = store
        self._folder = folder
        self._started: list[ConnectorProcess] = []
        self._env = {
            "BROKER": topics.bootstrap,
            "TRADEFLOW_INSTRUMENTS": str(INSTRUMENTS),
            "TRADEFLOW_MYSQL_PORT": str(store.settings.port),
            "TRADEFLOW_MYSQL_DATABASE": store.settings.database,
            "TRADEFLOW_MYSQL_IDLE_SECONDS": "2",
            "TRADEFLOW_MYSQL_LOCK_WAIT_SECONDS": "1",
            "TRADEFLOW_CONNECT_BATCH_RECORDS": "40",
            "TRADEFLOW_CONNECT_SESSION_TIMEOUT_MS": "3000",
            "TRADEFLOW_CONNECT_BREAKER_RESET_SECONDS": "0.5",
            "TRADEFLOW_CONNECT_RETRY_MAX_SECONDS": "0.3",
        }

    def start(self, *options: str) -> ConnectorProcess:
        """The next one."""
        log = self._folder / f"connector-{len(self._started)}.log"
        connector = ConnectorProcess("mysql", log, *options, **self._env)
        self._started.append(connector)
        return connector

    def stored(self) -> int:
        """How many records the store has, as its positions say; 0 while it does not answer."""
        return sum(self._positions().values())

    def _positions(self) -> dict[Place, int]:
        with suppress(mysql.connector.Error):
            rows = self._store.query("SELECT topic, partition_number, position FROM positions")
            return {Place(topic, number): position for topic, number, position in rows}
        return {}

    def await_more(self, than: int, count: int) -> int:
        """Wait until so many more records are stored; how many there are."""
        eventually(lambda: self.stored() >= than + count, f"{count} more: {self._said()}")
        return self.stored()

    def await_stored(self) -> None:
        """Wait until everything is stored."""
        ends = {event.place: event.offset + 1 for event in self._topics.events(TOPICS)}
        eventually(
            lambda: all(self._positions().get(place, 0) >= at for place, at in ends.items()),
            f"all is stored: {self._said()}",
            seconds=120,
        )

    def await_end(self, connector: ConnectorProcess) -> None:
        """Wait until everything is stored, and the connector knows it."""
        self.await_stored()
        eventually(
            lambda: connector.health()[1]["ready"] and connector.health()[1]["lag"] == 0,
            f"it has no lag: {self._said()}",
        )

    def _said(self) -> str:
        return self._started[-1].log[-3_000:]


@pytest.fixture
def connectors(exchange_topics: ExchangeTopics, store: MysqlStore, tmp_path: Path) -> Connectors:
    return Connectors(exchange_topics, store, tmp_path)


def fill(topics: ExchangeTopics) -> None:
    """Write the log, unless a test before has done so."""
    if any(topics.ends(TOPICS).values()):
        return
    records = [
        (*record.place, record.key, record.value)
        for record in exchange_log(COMMANDS)
        if record.place.topic in TOPICS
    ]
    produce(topics.bootstrap, records, transactions_of=60)


def test_the_server_is_killed_under_load(
    exchange_topics: ExchangeTopics,
    connectors: Connectors,
    store: MysqlStore,
    server: EmbeddedMysql,
) -> None:
    exchange_log(COMMANDS)
    load = threading.Thread(target=fill, args=(exchange_topics,))
    with connectors.start() as connector:
        load.start()
        stored = 0
        for number in range(KILLS):
            stored = connectors.await_more(stored, 150)
            server.kill()
            if number == 0:
                eventually(lambda: connector.health()[1]["breaker"] == "open", "it is open")
                status, health = connector.health()
                assert (status, health["store"], health["ready"]) == (200, "down", False)
                assert connector.health("/health/ready")[0] == 503
                eventually(
                    lambda: connector.health()[1]["store_down_seconds"] >= GONE_SECONDS,
                    "it is gone for long",
                    seconds=GONE_SECONDS + 30,
                )
            server.start()
        load.join()
        connectors.await_end(connector)
        assert connector.terminate() == 0

    assert connector.log.count("the store is back after") >= KILLS
    require_agreement(store, exchange_topics.events(TOPICS))


def test_the_connector_is_killed_and_its_offsets_are_reset(
    exchange_topics: ExchangeTopics, connectors: Connectors, store: MysqlStore
) -> None:
    fill(exchange_topics)
    stored = 0
    for _ in range(KILLS):
        with connectors.start():
            stored = connectors.await_more(stored, 150)
    with connectors.start() as connector:
        connectors.await_end(connector)
        assert connector.terminate() == 0
    events = exchange_topics.events(TOPICS)
    require_agreement(store, events)

    exchange_topics.reset_offsets("connect-mysql", TOPICS)
    before = store.content()
    with connectors.start() as connector:
        connectors.await_end(connector)
        assert connector.terminate() == 0
    assert store.content() == before


def test_a_process_that_was_stalled_and_replaced_harms_nothing(
    exchange_topics: ExchangeTopics, connectors: Connectors, store: MysqlStore
) -> None:
    fill(exchange_topics)
    with connectors.start() as zombie:
        stored = connectors.await_more(0, 150)
        # Anywhere: with records in its memory, or in the middle of a transaction.
        zombie.stall()
        with connectors.start() as successor:
            connectors.await_more(stored, 150)
            connectors.await_stored()
            zombie.wake()
            eventually(
                lambda: zombie.health()[1]["ready"] and successor.health()[1]["ready"],
                "both read",
            )
            assert successor.terminate() == 0
        connectors.await_end(zombie)
        assert zombie.terminate() == 0

    require_agreement(store, exchange_topics.events(TOPICS))


def test_a_rebuild_gives_the_same_tables(
    exchange_topics: ExchangeTopics, connectors: Connectors, store: MysqlStore
) -> None:
    fill(exchange_topics)
    with connectors.start() as connector:
        connectors.await_more(0, 150)
        assert connector.terminate() == 0
    store.execute("DROP TABLE trades")

    with connectors.start("--rebuild") as rebuild:
        assert rebuild.wait(120) == 0

    assert "mysql is rebuilt." in rebuild.log
    require_agreement(store, exchange_topics.events(TOPICS))
