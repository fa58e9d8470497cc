"""Server and connector killed under load: the trail equals the reference over the log."""

from collections.abc import Iterator

import pytest

from tests.connectors.feeding import Written
from tests.connectors.mongodb.made_log import audited_records
from tests.connectors.mongodb_store import MongodbStore
from tests.connectors.survival import COMMANDS, SURVIVAL, StoreSurvives
from tests.fixtures.mongodb import new_server, settings_for
from tradeflow.stores.mongodb import EmbeddedMongodb

pytestmark = [*SURVIVAL, pytest.mark.variant]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMongodb]:
    """A server that tests may kill."""
    server = new_server(tmp_path_factory.mktemp("killed-mongodb"))
    yield server
    server.stop()


@pytest.fixture
def store(server: EmbeddedMongodb) -> MongodbStore:
    server.start()
    return MongodbStore(settings_for(server.url))


@pytest.fixture(scope="module")
def records() -> list[Written]:
    return audited_records(COMMANDS)


class TestMongodbSurvives(StoreSurvives):
    """All that every store lives through."""
