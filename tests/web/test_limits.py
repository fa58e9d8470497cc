"""Limits as clients meet them: over HTTP, at several gateways, and around orders."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.chaos.exchange import await_condition
from tests.web.memory_keys import MemoryKeys, key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.unique_moments import unique_ms
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
from web.auth.caller import Scope
from web.auth.security import Security
from web.auth.signing import sign
from web.binance import rest
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.clock import now_ms
from web.exchange.desk import UnknownOutcomeError
from web.opening import open_gateway
from web.settings import GatewaySettings

pytestmark = pytest.mark.shares_exchange

USED = "X-MBX-USED-WEIGHT-1M"


@pytest.fixture(autouse=True)
def _in_one_minute() -> None:
    """Windows are the calendar's: a test that counts needs some seconds of one."""
    left_ms = 60_000 - now_ms() % 60_000
    if left_ms < 8_000:
        begin = now_ms() // 60_000
        await_condition(lambda: now_ms() // 60_000 > begin, "the next minute")


@contextlib.contextmanager
def running(exchange: RunningExchange, **settings: Any) -> Iterator[RunningGateway]:
    gateway = RunningGateway(exchange, **settings)
    try:
        yield gateway.start()
    finally:
        gateway.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A server that the test may kill."""
    settings = EmbeddedRedisSettings(port=0, data_dir=tmp_path / "redis", time_series=False)
    server = EmbeddedRedis(settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def ping(gateway: RunningGateway, query: str = "") -> httpx.Response:
    return httpx.get(f"{gateway.url}/api/v3/ping{query}")


def test_says_what_was_used_on_every_answer(exchange: RunningExchange) -> None:
    with running(exchange) as gateway:
        used = [
            ping(gateway),
            ping(gateway),
            ping(gateway, "?color=red"),
            httpx.get(f"{gateway.url}/api/v3/time", headers={"X-MBX-TIME-UNIT": "DAY"}),
        ]

    assert [answer.status_code for answer in used] == [200, 200, 400, 400]
    assert [answer.headers[USED] for answer in used] == ["1", "2", "3", "4"]


def test_refuses_and_bans_who_goes_on(exchange: RunningExchange) -> None:
    with running(exchange, limits="on", limit_weight="5/minute", ban_after=3) as gateway:
        # Who says to be somebody else is not believed.
        answers = [
            httpx.get(
                f"{gateway.url}/api/v3/ping", headers={"X-Forwarded-For": f"192.0.2.{number}"}
            )
            for number in range(12)
        ]

    statuses = [answer.status_code for answer in answers]
    assert statuses[:9] == [200] * 5 + [429] * 4
    assert statuses[-1] == 418
    assert answers[5].json()["code"] == answers[-1].json()["code"] == -1003
    assert 0 < int(answers[5].headers["Retry-After"]) <= 60
    assert 110 < int(answers[-1].headers["Retry-After"]) <= 120


def test_believes_a_proxy_that_the_settings_name(exchange: RunningExchange) -> None:
    settings = {"limits": "on", "limit_weight": "1/minute", "proxies": "127.0.0.1"}
    with running(exchange, **settings) as gateway:

        def ask(address: str) -> int:
            headers = {"X-Forwarded-For": address}
            return httpx.get(f"{gateway.url}/api/v3/ping", headers=headers).status_code

        assert [ask(each) for each in ("192.0.2.1", "192.0.2.2", "192.0.2.1")] == [200, 200, 429]


def test_two_gateways_share_a_redis_that_dies(
    exchange: RunningExchange, server: EmbeddedRedis
) -> None:
    settings = {"limits": "on", "limit_weight": "20/minute", "redis_url": server.url}
    with running(exchange, **settings) as first, running(exchange, **settings) as second:
        used = [int(ping(each).headers[USED]) for each in (first, second) * 3]
        assert used == [1, 2, 3, 4, 5, 6]

        server.kill()

        alone = [int(ping(each).headers[USED]) for each in (first, first, second, second)]
        assert alone == [6, 7, 7, 8]

        server.start()

        # Both have told what they counted, and see what the other counts.
        await_condition(
            lambda: int(ping(first).headers[USED]) == int(ping(second).headers[USED]) - 1,
            "gateways count together again",
        )
        await_condition(lambda: ping(first).status_code == 429, "the limit is reached")
        assert ping(second).status_code == 429


def test_an_order_weighs_only_if_it_fails(exchange: RunningExchange) -> None:
    outcomes: list[Exception | None] = []

    async def place(_call: Call) -> dict[str, Any]:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome
        return {}

    endpoint = Endpoint(
        method="POST",
        path="/api/v3/order",
        handle=place,
        summary="Places an order of the test's.",
        security=Security.TRADE,
        weight=1,
        orders=1,
        is_free_when_done=True,
    )
    keys = MemoryKeys()
    key = keys.add(key_of("alice", Scope.TRADE))

    async def play() -> None:
        settings = GatewaySettings(
            broker=exchange.broker.bootstrap, limits="on", limit_orders="2/day"
        )
        async with open_gateway(settings, keys) as gateway:
            app = Starlette(routes=rest.routes(gateway, [endpoint]))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:

                async def ask(signature: str | None = None) -> tuple[Any, ...]:
                    query = f"timestamp={unique_ms()}"
                    query += f"&signature={signature or sign(key.secret, query.encode())}"
                    answer = await client.post(
                        f"/api/v3/order?{query}", headers={"X-MBX-APIKEY": key.key}
                    )
                    await gateway.limiter.settle()
                    code = answer.json().get("code")
                    headers = answer.headers
                    return code, headers[USED], headers.get("X-MBX-ORDER-COUNT-1D")

                outcomes.append(None)
                assert await ask() == (None, "0", "1")
                outcomes.append(error("REJECTED", text="Market is closed."))
                assert await ask() == (-2010, "1", None)
                assert await ask(signature="0" * 64) == (-1022, "2", None)
                # Whether it was placed is not known, so it counts.
                outcomes.append(UnknownOutcomeError("no answer"))
                assert await ask() == (-1007, "3", None)
                assert await ask() == (-1015, "4", None)
                assert [each["count"] for each in await gateway.limiter.orders_of("alice")] == [2]

    asyncio.run(play())
