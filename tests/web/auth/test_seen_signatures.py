"""Signatures in memory, against a slow twin; and shared by a real Redis that comes and goes."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
from web.auth.seen_signatures import MemorySignatures, TooManySignaturesError
from web.auth.shared_signatures import SharedSignatures, make_signatures
from web.clock import now_ms
from web.errors import ConfigError
from web.settings import GatewaySettings

STEPS = st.lists(
    st.tuples(
        st.integers(0, 900),  # milliseconds that pass
        st.sampled_from("abcdef"),
        st.integers(0, 4_000),  # for so long it could be sent again
    ),
    max_size=60,
)


@given(steps=STEPS, kept=st.integers(1, 6))
def test_memory_forgets_nothing_that_could_come_again(
    steps: list[tuple[int, str, int]], kept: int
) -> None:
    memory, at_ms = MemorySignatures(kept), 1_000_000
    ends: dict[str, int] = {}
    for passed, signature, window in steps:
        at_ms += passed
        # Forgotten by whole seconds: when the second of its end is over.
        ends = {each: end for each, end in ends.items() if (end // 1_000 + 1) * 1_000 > at_ms}
        if signature in ends:
            assert not memory.note(signature, at_ms + window, at_ms)
        elif len(ends) == kept:
            with pytest.raises(TooManySignaturesError):
                memory.note(signature, at_ms + window, at_ms)
        else:
            assert memory.note(signature, at_ms + window, at_ms)
            ends[signature] = at_ms + window
        assert len(memory) == len(ends)
        living = dict(memory.living(at_ms))
        assert set(living) == set(ends)
        assert all(ends[each] < end <= ends[each] + 1_000 for each, end in living.items())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis of the test's own, to be stopped."""
    own = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=tmp_path, time_series=False))
    own.start()
    try:
        yield own
    finally:
        own.stop()


@asynccontextmanager
async def _gateways(
    url: str, count: int = 2, kept: int = 1_000
) -> AsyncIterator[list[SharedSignatures]]:
    made = []
    for _ in range(count):
        signatures = make_signatures(GatewaySettings(redis_url=url, kept_signatures=kept))
        assert isinstance(signatures, SharedSignatures)
        made.append(signatures)
    try:
        yield made
    finally:
        for each in made:
            await each.close()


async def _until(condition: Callable[[], Awaitable[bool] | bool], what: str) -> None:
    async with asyncio.timeout(20):
        while True:
            is_so = condition()
            if is_so if isinstance(is_so, bool) else await is_so:
                return
            await asyncio.sleep(0.02)


def _soon() -> int:
    return now_ms() + 30_000


def test_what_one_gateway_has_seen_no_other_takes(server: EmbeddedRedis) -> None:
    async def run() -> None:
        async with _gateways(server.url) as (one, two):
            assert await one.is_new("a", _soon())
            assert not await two.is_new("a", _soon())
            assert not await one.is_new("a", _soon())
            assert await two.is_new("b", _soon())
            assert not await one.is_new("b", _soon())

    asyncio.run(run())


def test_of_many_that_come_at_once_one_is_taken(server: EmbeddedRedis) -> None:
    async def run() -> None:
        async with _gateways(server.url, count=4) as gateways:
            until_ms = _soon()
            for round_ in range(20):
                tries = [each.is_new(f"s{round_}", until_ms) for each in gateways for _ in range(3)]
                assert sum(await asyncio.gather(*tries)) == 1

    asyncio.run(run())


def test_redis_keeps_them_no_longer_than_they_count(server: EmbeddedRedis) -> None:
    async def run() -> None:
        async with _gateways(server.url, count=1) as (one,):
            assert await one.is_new("a", now_ms() + 61_000)
            assert await one.is_new("over", now_ms() - 5)

    asyncio.run(run())
    with redis.Redis.from_url(server.url) as client:
        (key,) = [each for each in client.scan_iter() if b"over" not in each]
        assert 55_000 < client.pttl(key) <= 61_000


def test_redis_goes_away_and_comes_back_empty(
    server: EmbeddedRedis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "web.auth.shared_signatures")

    async def run() -> None:
        async with _gateways(server.url) as (one, two):
            assert await one.is_new("before", _soon())
            await asyncio.to_thread(server.kill)

            # Each goes on by itself, and one at once says so.
            assert await one.is_new("while away", _soon())
            assert not await one.is_new("while away", _soon())
            assert not await one.is_new("before", _soon())
            for number in range(50):
                assert await one.is_new(f"n{number}", _soon())
            assert one.is_away and one.times_away == 1
            assert not two.is_away

            shutil.rmtree(server.settings.data_dir / "appendonlydir")
            await asyncio.to_thread(server.start)
            await _until(lambda: not one.is_away, "Redis is back")
            # What this process has seen before and meanwhile, Redis is told.
            assert not await two.is_new("before", _soon())
            assert not await two.is_new("while away", _soon())
            assert not await two.is_new("n49", _soon())
            assert await two.is_new("after", _soon())
            assert not await one.is_new("after", _soon())

    asyncio.run(run())
    said = [record.getMessage() for record in caplog.records]
    assert len([text for text in said if "does not answer" in text]) == 1
    assert len([text for text in said if "is back" in text]) == 1


def test_a_gateway_that_asked_nothing_meanwhile_notices_nothing(server: EmbeddedRedis) -> None:
    """Its connections are of before; that must not let in what another one has seen."""

    async def run() -> None:
        async with _gateways(server.url) as (one, two):
            at_once = [two.is_new(f"n{number}", _soon()) for number in range(20)]
            assert all(await asyncio.gather(*at_once))
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            assert await one.is_new("a", _soon())

            assert not await two.is_new("a", _soon())
            assert two.times_away == 0

    asyncio.run(run())


def test_a_redis_that_hangs_is_left_alone(server: EmbeddedRedis) -> None:
    """The answer comes within the limit of time, and from then on at once."""

    async def run() -> None:
        async with _gateways(server.url, count=1) as (one,):
            assert await one.is_new("a", _soon())
            with redis.Redis.from_url(server.url) as client:
                client.client_pause(6_000)
            loop = asyncio.get_running_loop()
            began = loop.time()
            assert await one.is_new("b", _soon())
            assert one.is_away
            assert not await one.is_new("b", _soon())
            # Less than the pause; it is no measurement.
            assert loop.time() - began < 5.0
            await _until(lambda: not one.is_away, "Redis answers again")

    asyncio.run(run())


def test_a_redis_that_is_full_counts_as_away(server: EmbeddedRedis) -> None:
    async def run() -> None:
        async with _gateways(server.url, count=1) as (one,):
            with redis.Redis.from_url(server.url) as client:
                client.config_set("maxmemory", "1")
            assert await one.is_new("a", _soon())
            assert one.is_away
            with redis.Redis.from_url(server.url) as client:
                client.config_set("maxmemory", "0")
            await _until(lambda: not one.is_away, "there is room again")
            with redis.Redis.from_url(server.url) as client:
                assert client.exists("tradeflow:signature:a")

    asyncio.run(run())


def test_a_url_that_is_none_says_which_setting() -> None:
    with pytest.raises(ConfigError, match="TRADEFLOW_GATEWAY_REDIS_URL"):
        make_signatures(GatewaySettings(redis_url="http://somewhere"))


def test_without_a_url_there_is_memory_alone() -> None:
    assert isinstance(make_signatures(GatewaySettings()), MemorySignatures)
