"""Redis and its connector killed under load; afterwards all keys are the reference's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.flow import write_instruments
from tests.connectors.feeding import Written
from tests.connectors.redis.market_log import market_records
from tests.connectors.redis_store import RedisStore
from tests.connectors.survival import COMMANDS, SURVIVAL, StoreSurvives
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

pytestmark = [*SURVIVAL, pytest.mark.variant]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed-redis")


@pytest.fixture(scope="module")
def instruments_file(folder: Path) -> Path:
    return write_instruments(folder / "instruments.json")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[EmbeddedRedis]:
    """A server that tests may kill."""
    server = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=folder / "redis"))
    yield server
    server.stop()


@pytest.fixture
def store(server: EmbeddedRedis, instruments_file: Path) -> RedisStore:
    server.start()
    store = RedisStore(server, instruments=instruments_file)
    with store.client() as client:
        client.flushall()
    return store


@pytest.fixture(scope="module")
def records(instruments_file: Path) -> list[Written]:
    return market_records(instruments_file, COMMANDS)


class TestRedisSurvives(StoreSurvives):
    """All that every store lives through."""
