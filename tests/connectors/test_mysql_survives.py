"""MySQL and its connector killed under load; afterwards the tables equal the reference."""

from collections.abc import Iterator

import pytest

from tests.connectors.exchange_log import exchange_log
from tests.connectors.feeding import Written
from tests.connectors.mysql_store import MysqlStore
from tests.connectors.survival import COMMANDS, SURVIVAL, StoreSurvives
from tests.fixtures.mysql import fresh_database, running_mysql
from tradeflow.stores.mysql import EmbeddedMysql

pytestmark = SURVIVAL


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMysql]:
    """A server that tests may kill."""
    with running_mysql(tmp_path_factory.mktemp("killed-mysql")) as server:
        yield server


@pytest.fixture
def store(server: EmbeddedMysql) -> MysqlStore:
    server.start()
    return MysqlStore(fresh_database(server))


@pytest.fixture(scope="module")
def records() -> list[Written]:
    return [
        (*record.place, record.key, record.value)
        for record in exchange_log(COMMANDS)
        if record.place.topic in MysqlStore.topics
    ]


class TestMysqlSurvives(StoreSurvives):
    """All that every store lives through."""
