"""Server and connector killed under load: the trail equals the reference over the log."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from connectors.mongodb.collections import AUDIT_LOGS, POSITIONS
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import AUDITED
from schemas.codec import encode
from schemas.topics import AUDIT
from tests.connectors.exchange_log import exchange_log
from tests.connectors.feeding import eventually, produce
from tests.connectors.mongodb.made_log import login
from tests.connectors.mongodb.reference_trail import checksum, reference_trail, trail_in
from tests.connectors.processes import ConnectorProcess
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.fixtures.mongodb import NODE, new_server, settings_for
from tradeflow.stores.mongodb import EmbeddedMongodb

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
COMMANDS = max(900, 350 * KILLS)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + 30 * KILLS)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMongodb]:
    """A server that tests may kill."""
    server = new_server(tmp_path_factory.mktemp("killed-mongodb"))
    server.start()
    yield server
    server.stop()


class Trail:
    """One database, and connectors into it, one after the other."""

    def __init__(self, topics: ExchangeTopics, settings: MongodbSettings, folder: Path) -> None:
        self.client = MongoClient[Any](
            settings.url, tz_aware=True, serverSelectionTimeoutMS=500, socketTimeoutMS=5_000
        )
        self.database = self.client[settings.database]
        self._topics = topics
        self._folder = folder
        self._started: list[ConnectorProcess] = []
        self._env = {
            "BROKER": topics.bootstrap,
            "TRADEFLOW_MONGODB_URL": settings.url,
            "TRADEFLOW_MONGODB_DATABASE": settings.database,
            "TRADEFLOW_MONGODB_NODE_ID": NODE,
            "TRADEFLOW_MONGODB_TIMEOUT_MS": "500",
            "TRADEFLOW_CONNECT_BATCH_RECORDS": "40",
            "TRADEFLOW_CONNECT_SESSION_TIMEOUT_MS": "1000",
            "TRADEFLOW_CONNECT_BREAKER_RESET_SECONDS": "0.5",
            "TRADEFLOW_CONNECT_RETRY_MAX_SECONDS": "0.3",
        }

    def start(self, *options: str) -> ConnectorProcess:
        log = self._folder / f"connector-{len(self._started)}.log"
        self._started.append(ConnectorProcess("mongodb", log, *options, **self._env))
        return self._started[-1]

    def positions(self) -> dict[str, int]:
        """Nothing while the server does not answer."""
        with suppress(PyMongoError):
            return {each["_id"]: each["offset"] for each in self.database[POSITIONS].find()}
        return {}

    def await_more(self, than: int, count: int) -> int:
        """Wait until so many more records are stored; how many there are."""

        def is_there() -> bool:
            return sum(self.positions().values()) >= than + count

        eventually(is_there, f"{count} more: {self._said()}")
        return sum(self.positions().values())

    def await_end(self) -> None:
        ends = {
            str(event.place): event.offset + 1
            for event in sorted(self._topics.events(AUDITED), key=lambda event: event.offset)
        }

        def is_there() -> bool:
            positions = self.positions()
            return all(positions.get(place, 0) >= end for place, end in ends.items())

        eventually(is_there, f"all is stored: {self._said()}", seconds=120)

    def require_the_reference(self) -> None:
        found = trail_in(self.database[AUDIT_LOGS])
        expected = reference_trail(self._topics.events(AUDITED), NODE)
        assert len(found) == len(expected) > 1_000
        assert checksum(found) == checksum(expected)

    def _said(self) -> str:
        return self._started[-1].log[-3_000:]


@pytest.fixture
def trail(
    exchange_topics: ExchangeTopics, server: EmbeddedMongodb, tmp_path: Path
) -> Iterator[Trail]:
    trail = Trail(exchange_topics, settings_for(server.url), tmp_path)
    yield trail
    trail.client.close()


def fill(topics: ExchangeTopics) -> None:
    """Write the log, unless a test before has done so."""
    if any(topics.ends(AUDITED).values()):
        return
    records = [
        (*record.place, record.key, record.value)
        for record in exchange_log(COMMANDS)
        if record.place.topic in AUDITED
    ]
    logins = [login(number, 0).record for number in range(40)]
    records += [(AUDIT.name, 0, b"ann", encode("AuditEvent", dict(each))) for each in logins]
    produce(topics.bootstrap, records, transactions_of=60)


def test_the_server_is_killed_under_load(
    exchange_topics: ExchangeTopics, trail: Trail, server: EmbeddedMongodb
) -> None:
    exchange_log(COMMANDS)
    load = threading.Thread(target=fill, args=(exchange_topics,))
    with trail.start() as connector:
        load.start()
        stored = 0
        for number in range(KILLS):
            stored = trail.await_more(stored, 150)
            server.kill()
            if number == 0:
                # Gone for long enough that nobody asks for it any more.
                eventually(lambda: connector.health()[1]["breaker"] == "open", "it is open")
                assert connector.health()[1]["store"] == "down"
            server.start()
        load.join()
        trail.await_end()
        assert "MongoDB at 127.0.0.1:" in connector.log
        assert "Traceback" not in connector.log
        assert connector.terminate() == 0
    trail.require_the_reference()


def test_the_connector_is_killed_and_read_again_from_the_beginning(
    exchange_topics: ExchangeTopics, trail: Trail
) -> None:
    fill(exchange_topics)
    stored = 0
    for _ in range(KILLS):
        with trail.start() as connector:
            stored = trail.await_more(stored, 150)
            connector.kill()
    with trail.start() as connector:
        trail.await_end()
        assert connector.terminate() == 0
    trail.require_the_reference()
    before = list(trail.database[AUDIT_LOGS].find().sort("_id", 1))

    # The group's offsets are for tools only; the store's own positions count.
    exchange_topics.reset_offsets("connect-mongodb", AUDITED)
    with trail.start("--rebuild") as connector:
        assert connector.wait() == 0, connector.log
    trail.await_end()
    assert list(trail.database[AUDIT_LOGS].find().sort("_id", 1)) == before
