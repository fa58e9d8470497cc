"""Which stores are looked at: by their settings, by what runs here, and by name."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.connectors.batches import StoreUnderTest
from tests.connectors.mysql_store import MysqlStore
from tests.connectors.redis_store import RedisStore
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.tradeflow.checking.stores.filled_stores import fed, instruments
from tradeflow.checking.findings import Promises
from tradeflow.checking.stores.stores import STORES, check_stores, find_stores
from tradeflow.embedded.ports import free_port
from tradeflow.errors import TradeflowError
from tradeflow.stores.mongodb import EmbeddedMongodb, EmbeddedMongodbSettings
from tradeflow.stores.mysql import EmbeddedMysql
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

_FOLDERS = {
    "mysql": "TRADEFLOW_MYSQL_SERVER_DATA_DIR",
    "redis": "TRADEFLOW_EMBEDDED_REDIS_DATA_DIR",
    "mongodb": "TRADEFLOW_EMBEDDED_MONGODB_DATA_DIR",
}
_USUAL_PORTS = {"mysql": 3306, "redis": 6379, "mongodb": 27017}


@pytest.fixture(autouse=True)
def nothing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings, and no embedded stores."""
    for name in ("MYSQL_HOST", "MYSQL_PORT", "REDIS_URL", "MONGODB_URL"):
        monkeypatch.delenv(f"TRADEFLOW_{name}", raising=False)
    for name, folder in _FOLDERS.items():
        monkeypatch.setenv(folder, str(tmp_path / name))


@pytest.fixture
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Names a store's address at which nobody listens."""

    def name_it(name: str) -> str:
        port = free_port("127.0.0.1")
        if name == "mysql":
            monkeypatch.setenv("TRADEFLOW_MYSQL_PORT", str(port))
        else:
            url = f"{name}://127.0.0.1:{port}/"
            monkeypatch.setenv(f"TRADEFLOW_{name.upper()}_URL", url)
        monkeypatch.setenv("TRADEFLOW_MONGODB_TIMEOUT_MS", "500")
        return f"127.0.0.1:{port}"

    return name_it


@pytest.mark.parametrize("name", STORES)
def test_where_nothing_is_named_and_nothing_runs_it_is_said(name: str) -> None:
    port = _USUAL_PORTS[name]
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            pytest.skip(f"something listens at the usual port of {name} here")

    found = find_stores(instruments())

    assert found.checks == []
    assert found.why_not[name].startswith(
        f"nothing listens at 127.0.0.1:{port}: start it with tradeflow store start {name}, or set"
        f" TRADEFLOW_{name.upper()}_"
    )


@pytest.mark.parametrize("name", STORES)
def test_a_store_that_cannot_be_reached_is_left_out(
    name: str, nobody_listens: Callable[[str], str]
) -> None:
    address = nobody_listens(name)

    found = find_stores(instruments())

    assert name not in [check.name for check in found.checks]
    assert address in found.why_not[name]


@pytest.mark.parametrize("name", STORES)
def test_a_store_that_is_asked_for_and_cannot_be_reached_is_an_error(
    name: str, nobody_listens: Callable[[str], str]
) -> None:
    address = nobody_listens(name)

    with pytest.raises(TradeflowError, match=f"{name} cannot be looked at: .*{address}"):
        find_stores(instruments(), [name])


@pytest.mark.parametrize(
    ("name", "fixture"), [("mysql", "mysql"), ("redis", "redis_server"), ("mongodb", "trail")]
)
def test_a_store_that_nobody_has_fed_is_left_out(
    name: str, fixture: str, request: pytest.FixtureRequest
) -> None:
    store: StoreUnderTest = request.getfixturevalue(fixture)
    store.sink().connect()

    found = find_stores(instruments(), None)

    assert f"has nothing of the log: feed it with tradeflow connect {name}" in found.why_not[name]
    with pytest.raises(TradeflowError, match="has nothing of the log"):
        find_stores(instruments(), [name])


def test_a_database_without_tables_was_not_fed(mysql: MysqlStore) -> None:
    assert "has nothing of the log" in find_stores(instruments()).why_not["mysql"]


def test_others_than_those_asked_for_are_not_looked_at(
    redis_server: RedisStore, topics: ExchangeTopics
) -> None:
    fed(redis_server, topics)

    found = find_stores(instruments(), ["redis"])

    assert [check.name for check in found.checks] == ["redis"]
    assert found.why_not == {"mysql": "not asked for", "mongodb": "not asked for"}


def test_the_embedded_stores_are_found_where_they_run(
    mysql_server: EmbeddedMysql,
    time_series_server: EmbeddedRedis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mongodb = EmbeddedMongodb(EmbeddedMongodbSettings(port=0, data_dir=tmp_path / "mongodb"))
    mongodb.start()
    servers = {"mysql": mysql_server, "redis": time_series_server, "mongodb": mongodb}
    for name, server in servers.items():
        monkeypatch.setenv(_FOLDERS[name], str(server.settings.data_dir))
    try:
        found = find_stores(instruments())
    finally:
        mongodb.stop()

    looked_at = {check.name: f"at {check.address} " for check in found.checks}
    for name, server in servers.items():
        assert f"at {server.address} " in looked_at.get(name, found.why_not.get(name, ""))


@pytest.mark.parametrize(("name", "package"), [("mysql", "mysql"), ("mongodb", "pymongo")])
def test_a_package_that_is_not_installed_is_named(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [each for each in sys.modules if each.startswith(f"connectors.{name}")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)

    found = find_stores(instruments())

    assert f"needs the package {package}: pip install 'tradeflow[{name}]'" in found.why_not[name]


@pytest.fixture
def own_server(tmp_path: Path) -> EmbeddedRedis:
    """One that a test may stop."""
    return EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=tmp_path / "redis"))


@pytest.mark.parametrize("wanted", [None, ["redis"]], ids=["found", "asked for"])
def test_a_store_that_goes_away_is_said_to_have_gone(
    own_server: EmbeddedRedis,
    topics: ExchangeTopics,
    monkeypatch: pytest.MonkeyPatch,
    wanted: list[str] | None,
) -> None:
    own_server.start()
    try:
        monkeypatch.setenv("TRADEFLOW_REDIS_URL", own_server.url)
        fed(RedisStore(own_server), topics)
        found = find_stores(instruments(), wanted)
    finally:
        own_server.stop()
    findings = Promises().stores

    if wanted is None:
        assert check_stores(found, topics.bootstrap, findings, lambda *_: None) == []
        assert "does not answer" in found.why_not["redis"]
        assert findings.why_not == "no store was looked at"
    else:
        with pytest.raises(TradeflowError, match="redis cannot be looked at: .* does not answer"):
            check_stores(found, topics.bootstrap, findings, lambda *_: None)


@pytest.mark.parametrize(
    ("name", "fixture"), [("mysql", "mysql"), ("redis", "redis_server"), ("mongodb", "trail")]
)
def test_a_store_that_is_emptied_meanwhile_is_said_to_be(
    name: str, fixture: str, request: pytest.FixtureRequest, topics: ExchangeTopics
) -> None:
    store: StoreUnderTest = request.getfixturevalue(fixture)
    fed(store, topics)
    found = find_stores(instruments(), None)
    sink = store.sink()
    sink.connect()
    begun: list[str] = []

    def empty_it(what: str, done: int, _total: int) -> None:
        if done and not begun:
            begun.append(what)
            sink.clear()

    findings = Promises().stores
    check_stores(found, topics.bootstrap, findings, empty_it)
    sink.close()

    assert begun
    assert "it was emptied while it was looked at" in found.why_not[name]
    assert findings.holds
