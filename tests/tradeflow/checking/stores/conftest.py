"""One log for all tests of a module; each test has a store of its own, named by the settings."""

import pytest

from tests.connectors.mongodb_store import MongodbStore
from tests.connectors.mysql_store import MysqlStore
from tests.connectors.redis_store import RedisStore
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.tradeflow.checking.stores.filled_stores import whole_log, write


@pytest.fixture(scope="module")
def topics(exchange_topics: ExchangeTopics) -> ExchangeTopics:
    """The exchange's topics with its log on them."""
    write(exchange_topics.bootstrap, whole_log())
    return exchange_topics


@pytest.fixture
def mysql(mysql_store: MysqlStore, monkeypatch: pytest.MonkeyPatch) -> MysqlStore:
    """An empty database that TRADEFLOW_MYSQL_* name."""
    monkeypatch.setenv("TRADEFLOW_MYSQL_PORT", str(mysql_store.settings.port))
    monkeypatch.setenv("TRADEFLOW_MYSQL_DATABASE", mysql_store.settings.database)
    return mysql_store


@pytest.fixture
def redis_server(redis_store: RedisStore, monkeypatch: pytest.MonkeyPatch) -> RedisStore:
    """An empty server that TRADEFLOW_REDIS_URL names."""
    monkeypatch.setenv("TRADEFLOW_REDIS_URL", redis_store.settings.url)
    return redis_store


@pytest.fixture
def trail(mongodb_store: MongodbStore, monkeypatch: pytest.MonkeyPatch) -> MongodbStore:
    """An empty database that TRADEFLOW_MONGODB_* name."""
    monkeypatch.setenv("TRADEFLOW_MONGODB_URL", mongodb_store.settings.url)
    monkeypatch.setenv("TRADEFLOW_MONGODB_DATABASE", mongodb_store.settings.database)
    return mongodb_store
