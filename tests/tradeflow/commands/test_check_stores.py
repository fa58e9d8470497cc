"""`tradeflow check` beside a running exchange and a store that a connector feeds."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests.connectors.processes import ConnectorProcess
from tests.tradeflow.commands.running_exchange import Up, await_condition, environment, run
from tradeflow.embedded.ports import free_port
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

pytestmark = pytest.mark.slow

_COMMANDS = 150


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running exchange with some commands in it."""
    folder = tmp_path_factory.mktemp("exchange")
    up = Up(folder).wait_until_up()
    up.feed(_COMMANDS, seed=5)
    yield up
    up.end()
    run("down", folder=folder)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(
        EmbeddedRedisSettings(port=0, data_dir=tmp_path_factory.mktemp("redis"), time_series=False)
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def settings(
    exchange: Up, server: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What names the store, which a connector feeds."""
    settings = {"TRADEFLOW_REDIS_URL": server.url}
    log = tmp_path_factory.mktemp("connector") / "redis.log"
    kept = environment(BROKER=exchange.bootstrap, **settings)
    with ConnectorProcess("redis", log, **kept) as connector:
        with redis.Redis.from_url(server.url) as client:
            await_condition(lambda: client.exists("price:BTCUSDT"), "it is fed")
        yield settings
        assert connector.terminate() == 0


def check(exchange: Up, *options: str, **settings: str) -> tuple[int, Any]:
    """Exit code and report."""
    result = run("check", "--json", *options, folder=exchange.folder, settings=settings)
    assert result.returncode or not result.stderr.strip(), result.stderr
    return result.returncode, json.loads(result.stdout) if result.stdout else result.stderr


def test_a_store_that_does_not_answer_is_named_with_the_reason(exchange: Up) -> None:
    url = f"redis://127.0.0.1:{free_port('127.0.0.1')}/0"

    code, report = check(exchange, TRADEFLOW_REDIS_URL=url)

    assert code == 0
    assert report["stores"].keys() == {"mysql", "redis", "mongodb"}
    assert "does not answer" in report["stores"]["redis"]["why_not"]


def test_one_that_is_asked_for_must_answer(exchange: Up) -> None:
    url = f"redis://127.0.0.1:{free_port('127.0.0.1')}/0"

    code, said = check(exchange, "--store", "redis", TRADEFLOW_REDIS_URL=url)

    assert code == 1
    assert said.startswith("Error: redis cannot be looked at: Redis at 127.0.0.1:")


def test_no_store_is_looked_at_where_none_is_wanted(exchange: Up, settings: dict[str, str]) -> None:
    code, report = check(exchange, "--no-stores", **settings)

    assert (code, report["stores"]) == (0, {})
    assert report["invariants"]["I3"]["holds"] is None
    assert report["invariants"]["I3"]["why_not"] == "no store was looked at"


def test_both_together_are_refused(exchange: Up) -> None:
    code, said = check(exchange, "--no-stores", "--store", "redis")

    assert code == 1
    assert said.startswith("Error: --no-stores and --store redis contradict each other.")


def test_a_store_that_is_right_and_then_is_not(
    exchange: Up, settings: dict[str, str], server: EmbeddedRedis
) -> None:
    code, report = check(exchange, "--store", "redis", **settings)

    assert code == 0
    assert report["invariants"]["I3"]["holds"] is True
    tables = report["stores"]["redis"]["tables"]
    assert tables["prices"]["rows"] > 0 < tables["books"]["rows"]
    assert report["stores"]["mysql"] == {"why_not": "not asked for"}

    with redis.Redis.from_url(server.url) as client:
        client.set("price:BTCUSDT", "1.00000000")
    shown = run("check", "--store", "redis", folder=exchange.folder, settings=settings)

    assert shown.returncode == 1
    assert "I3: 1 violations" in shown.stdout
    assert 'redis prices price:BTCUSDT: value is "1.00000000", the log gives "' in shown.stdout
    # The log itself was in order: the next check goes on from there.
    assert f"Went on from {_COMMANDS} commands checked before." in shown.stdout
