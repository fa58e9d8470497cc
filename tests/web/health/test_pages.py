"""How the gateway says that it is, while the broker and Redis come and go."""

import asyncio
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.chaos.exchange import await_condition
from tests.web.memory_keys import MemoryKeys
from tests.web.running_exchange import RunningExchange, RunningGateway
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
from web.feed.positions import READ_TOPICS
from web.opening import open_gateway
from web.settings import GatewaySettings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis server that the tests may kill."""
    folder = tmp_path_factory.mktemp("redis")
    settings = EmbeddedRedisSettings(port=0, data_dir=folder, time_series=False)
    server = EmbeddedRedis(settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def sharing(exchange: RunningExchange, server: EmbeddedRedis) -> Iterator[RunningGateway]:
    """A gateway that counts in Redis."""
    running = RunningGateway(exchange, limits="on", redis_url=server.url)
    try:
        yield running.start()
    finally:
        running.close()


def health(gateway: RunningGateway, path: str = "/health/ready") -> tuple[int, dict[str, Any]]:
    answer = httpx.get(f"{gateway.url}{path}", timeout=10)
    return answer.status_code, answer.json()


def metrics(gateway: RunningGateway) -> dict[str, dict[tuple[str, ...], float]]:
    text = httpx.get(f"{gateway.url}/metrics").text
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_is_ready_with_all_that_it_needs(sharing: RunningGateway) -> None:
    for path in ("/health", "/health/ready"):
        status, shown = health(sharing, path)

        assert status == 200
        assert shown["live"] is shown["ready"] is True
        assert shown["limits"] == "on"
        assert {name: each["status"] for name, each in shown["dependencies"].items()} == {
            "broker": "up",
            "feed": "up",
            "redis": "up",
        }


def test_is_ready_without_redis_and_counts_that_it_went(
    sharing: RunningGateway, server: EmbeddedRedis
) -> None:
    httpx.get(f"{sharing.url}/api/v3/ping")
    server.kill()
    httpx.get(f"{sharing.url}/api/v3/ping")
    await_condition(
        lambda: health(sharing)[1]["dependencies"]["redis"]["status"] == "down", "Redis is down"
    )

    status, shown = health(sharing)

    assert (status, shown["ready"]) == (200, True)
    assert shown["dependencies"]["redis"]["needed"] is False
    found = metrics(sharing)
    assert found["tradeflow_gateway_limit_redis_fall_backs_total"][()] == 1
    assert found["tradeflow_gateway_limit_redis_seconds_count"][()] > 0
    server.start()
    await_condition(
        lambda: health(sharing)[1]["dependencies"]["redis"]["status"] == "up", "Redis is up"
    )


def test_counts_refusals_by_limit(exchange: RunningExchange) -> None:
    running = RunningGateway(exchange, limits="strict", limit_consumer="1/day", ban_after=1)
    try:
        running.start()
        for _ in range(5):
            httpx.get(f"{running.url}/api/v3/ping")
        refusals = metrics(running)["tradeflow_gateway_limit_refusals_total"]
    finally:
        running.close()

    assert refusals == {("consumer",): 2, ("ban",): 2}


def test_shows_the_lag_of_each_partition(gateway: RunningGateway) -> None:
    def lags() -> dict[tuple[str, ...], float]:
        return metrics(gateway).get("tradeflow_gateway_feed_lag", {})

    await_condition(lambda: len({topic for _, topic in lags()}) == len(READ_TOPICS), "all topics")
    # The clock ticks on, so a few are always on their way.
    await_condition(lambda: sum(lags().values()) < 50, "all is read")
    assert metrics(gateway)["tradeflow_gateway_commands_waiting"][()] == 0


def test_a_gateway_that_does_not_keep_up_shows_it(exchange: RunningExchange) -> None:
    async def play() -> None:
        settings = GatewaySettings(broker=exchange.broker.bootstrap)
        async with open_gateway(settings, MemoryKeys()) as gateway:
            feed = gateway.feed
            numbers = count()

            def piles_up() -> bool:
                exchange.open_account(f"late-{next(numbers)}", units=1)
                return sum(feed.lags.values()) > 100

            # The loop stands still meanwhile.
            await_condition(piles_up, "records pile up")
            async with asyncio.timeout(30):
                while sum(feed.lags.values()) > 50:
                    await asyncio.sleep(0.05)
            assert feed.silent_ms < 5_000

    asyncio.run(play())


def test_is_live_but_not_ready_without_a_broker(exchange: RunningExchange) -> None:
    running = RunningGateway(exchange)
    try:
        running.start()
        exchange.broker.stop()
        await_condition(lambda: health(running)[0] == 503, "the gateway is not ready")

        started = time.monotonic()
        status, shown = health(running, "/health")

        assert (status, shown["live"], shown["ready"]) == (200, True, False)
        assert shown["dependencies"]["broker"]["status"] == "down"
        assert shown["dependencies"]["broker"]["error"]
        # A monitor has little patience.
        assert time.monotonic() - started < 3
        exchange.broker.start()
        await_condition(lambda: health(running)[0] == 200, "the gateway is ready again")
    finally:
        running.close()
