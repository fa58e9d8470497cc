"""Gateways that share their counts in a real Redis, which is killed meanwhile."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.web.limits.moved_clock import MovedClock
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
from web.binance.errors import BinanceError
from web.errors import ConfigError
from web.limits.limiter import Limiter
from web.limits.opening import open_limiter
from web.limits.shared import SharedCounters
from web.settings import GatewaySettings

HERE = "192.0.2.1"


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


@asynccontextmanager
async def gateways(
    url: str, clock: MovedClock, **settings: Any
) -> AsyncIterator[list[tuple[Limiter, SharedCounters]]]:
    """The limiters of two gateways that share a server."""
    both = GatewaySettings(redis_url=url, redis_timeout_ms=2_000, **{"limits": "on"} | settings)
    async with (
        open_limiter(both, clock=clock) as (first, first_shared),
        open_limiter(both, clock=clock) as (second, second_shared),
    ):
        assert first_shared is not None
        assert second_shared is not None
        yield [(first, first_shared), (second, second_shared)]


async def used(limiter: Limiter, weight: int = 1) -> int:
    return (await limiter.take(address=HERE, caller=None, weight=weight)).weight


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def test_two_gateways_count_together(server: EmbeddedRedis) -> None:
    async def play() -> None:
        clock = MovedClock()
        async with gateways(server.url, clock, limit_weight="1000/minute") as both:
            # 600 requests at once, by both.
            await asyncio.gather(*(used(both[number % 2][0]) for number in range(600)))

            assert await used(both[0][0]) == 601
            assert await used(both[1][0], 399) == 1_000
            for limiter, _ in both:
                with pytest.raises(BinanceError, match="Too much request weight"):
                    await used(limiter)

            clock.move(60)

            assert await used(both[1][0]) == 1
            assert await used(both[0][0]) == 2

    asyncio.run(play())


def test_a_ban_holds_at_every_gateway(server: EmbeddedRedis) -> None:
    async def play() -> None:
        clock = MovedClock()
        settings = {"limit_weight": "10/minute", "ban_after": 2}
        async with gateways(server.url, clock, **settings) as both:
            (first, _), (second, _) = both
            await used(first, 10)
            for _ in range(3):
                with pytest.raises(BinanceError, match="Too much request weight"):
                    await used(first)
                await first.settle()
            for limiter in (first, second, first):
                with pytest.raises(BinanceError, match="banned") as banned:
                    await used(limiter)
                assert (banned.value.status, banned.value.headers[0]) == (
                    418,
                    ("Retry-After", "120"),
                )
            with pytest.raises(BinanceError, match="banned"):
                second.require_welcome(HERE)

            clock.move(120)

            assert await used(second) == 1

    asyncio.run(play())


def test_what_comes_at_once_is_one_round_trip(server: EmbeddedRedis) -> None:
    async def play() -> None:
        seconds: list[float] = []
        settings = GatewaySettings(redis_url=server.url, limits="on")
        async with open_limiter(settings, on_round_trip=seconds.append) as (limiter, shared):
            assert shared is not None
            with redis.Redis.from_url(server.url) as client:
                before = client.info("commandstats")
                await asyncio.gather(*(used(limiter) for _ in range(50)))
                after = client.info("commandstats")

        def calls(info: Any) -> int:
            return int(info["cmdstat_evalsha"]["calls"])

        assert calls(after) - calls(before) == len(seconds) == 1
        assert 0 < seconds[0] < 2

    asyncio.run(play())


def _let_it_be_on_disk(server: EmbeddedRedis) -> None:
    """All that was answered so far: with a slow disk Redis writes it up to 2 s later."""
    with redis.Redis.from_url(server.url) as client:
        client.set("something", "written")
        client.execute_command("WAITAOF", 1, 0, 30_000)


def test_goes_on_alone_without_redis_and_pays_its_debts(
    server: EmbeddedRedis, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        clock = MovedClock()
        async with gateways(server.url, clock, limit_weight="1000/minute") as both:
            (first, first_shared), (second, second_shared) = both
            assert await used(first, 100) == 100
            assert await used(second, 100) == 200

            await asyncio.to_thread(_let_it_be_on_disk, server)
            await asyncio.to_thread(server.kill)

            # From what Redis said last.
            assert await used(first, 10) == 110
            assert await used(second, 20) == 220
            answers = await asyncio.gather(*(used(second) for _ in range(30)))
            assert max(answers) == 250
            with pytest.raises(BinanceError, match="Too much request weight"):
                await used(second, 800)
            assert not first_shared.is_shared
            assert not second_shared.is_shared

            await asyncio.to_thread(server.start)
            await until(lambda: first_shared.is_shared and second_shared.is_shared)

            # Of both before, of each meanwhile.
            with pytest.raises(BinanceError, match="Too much request weight") as refused:
                await used(first)
            counted = 200 + 10 + 20 + 30 + 800 + 1
            assert ("X-MBX-USED-WEIGHT-1M", str(counted)) in refused.value.headers

    with caplog.at_level(logging.INFO, logger="web.limits"):
        asyncio.run(play())
    said = [record.getMessage() for record in caplog.records if record.name == "web.limits.shared"]
    gone = [line for line in said if line.startswith("Redis does not answer")]
    back = [line for line in said if line.startswith("Redis answers again")]
    assert (len(gone), len(back), len(said)) == (2, 2, 4)


def test_requests_in_the_middle_of_a_kill_are_all_answered(server: EmbeddedRedis) -> None:
    async def play() -> None:
        fallen: list[int] = []
        clock = MovedClock()
        settings = GatewaySettings(redis_url=server.url, redis_timeout_ms=1_000, limits="on")
        async with open_limiter(settings, clock=clock, on_fall_back=lambda: fallen.append(1)) as (
            limiter,
            shared,
        ):
            assert shared is not None
            for _ in range(3):
                answered = 0
                killing = asyncio.create_task(asyncio.to_thread(server.kill))
                while shared.is_shared or not killing.done():
                    answered += len(await asyncio.gather(*(used(limiter, 0) for _ in range(20))))
                assert answered
                await killing
                await asyncio.to_thread(server.start)
                await until(lambda: shared.is_shared)
        assert len(fallen) == 3

    asyncio.run(play())


def test_starts_without_redis_and_finds_it_later(server: EmbeddedRedis) -> None:
    server.stop()

    async def play() -> None:
        clock = MovedClock()
        async with gateways(server.url, clock) as both:
            (first, first_shared), (second, second_shared) = both
            assert await used(first, 5) == 5
            assert await used(second, 7) == 7

            await asyncio.to_thread(server.start)
            await until(lambda: first_shared.is_shared and second_shared.is_shared)

            assert await used(first, 1) == 13

    asyncio.run(play())


def test_a_server_that_hangs_is_taken_for_gone(server: EmbeddedRedis) -> None:
    async def play() -> None:
        settings = GatewaySettings(redis_url=server.url, redis_timeout_ms=200, limits="on")
        async with open_limiter(settings) as (limiter, shared):
            assert shared is not None
            with redis.Redis.from_url(server.url) as client:
                # It answers nobody for so long.
                client.execute_command("CLIENT", "PAUSE", 3_000, "ALL")
            async with asyncio.timeout(2):
                assert await used(limiter) == 1
            assert not shared.is_shared
            await until(lambda: shared.is_shared)

    asyncio.run(play())


def test_refuses_an_address_that_is_none() -> None:
    settings = GatewaySettings(redis_url="localhost:6379", limits="on")

    async def play() -> None:
        async with open_limiter(settings):
            pass

    with pytest.raises(ConfigError, match="no URL of a Redis") as refused:
        asyncio.run(play())
    assert "redis://host:port/database" in refused.value.action
