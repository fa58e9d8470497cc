"""Listen keys, in memory and in Redis: the same, but for who sees them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.chaos.exchange import await_condition
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
from web.binance.errors import BinanceError
from web.userdata.listen_keys import ListenKeys, MemoryListenKeys, may_be_listen_key
from web.userdata.redis_listen_keys import RedisListenKeys

LIFE_SECONDS = 60.0
Check = Callable[[ListenKeys], Awaitable[None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis server."""
    folder: Path = tmp_path_factory.mktemp("redis")
    redis = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=folder, time_series=False))
    redis.start()
    try:
        yield redis
    finally:
        redis.stop()


@pytest.fixture(params=["memory", "redis"])
def run(request: pytest.FixtureRequest) -> Callable[[Check], None]:
    """Runs a check over keys of each kind."""

    def in_memory(check: Check) -> None:
        async def go() -> None:
            await check(MemoryListenKeys(LIFE_SECONDS))

        asyncio.run(go())

    def in_redis(check: Check) -> None:
        server: EmbeddedRedis = request.getfixturevalue("server")

        async def go() -> None:
            async with redis_keys(server.url) as keys:
                await check(keys)

        asyncio.run(go())

    return in_memory if request.param == "memory" else in_redis


@asynccontextmanager
async def redis_keys(url: str, life_seconds: float = LIFE_SECONDS) -> AsyncIterator[ListenKeys]:
    keys = RedisListenKeys(url, life_seconds)
    try:
        yield keys
    finally:
        await keys.disconnect()


def test_an_account_has_one_key(run: Callable[[Check], None]) -> None:
    async def check(keys: ListenKeys) -> None:
        key = await keys.open("one")

        assert may_be_listen_key(key)
        assert await keys.open("one") == key
        assert await keys.open("two") != key
        assert await keys.account_of(key) == "one"

    run(check)


def test_a_key_is_its_accounts_alone(run: Callable[[Check], None]) -> None:
    async def check(keys: ListenKeys) -> None:
        key, others = await keys.open("mine"), await keys.open("theirs")

        assert not await keys.extend("mine", others)
        assert not await keys.close("mine", others)
        assert await keys.extend("mine", key)
        assert await keys.account_of(others) == "theirs"

    run(check)


def test_a_key_that_was_closed_is_nobodys(run: Callable[[Check], None]) -> None:
    async def check(keys: ListenKeys) -> None:
        key = await keys.open("closing")

        assert await keys.close("closing", key)
        assert not await keys.close("closing", key)
        assert not await keys.extend("closing", key)
        assert await keys.account_of(key) is None
        assert await keys.open("closing") != key

    run(check)


def test_a_key_that_never_was_is_nobodys(run: Callable[[Check], None]) -> None:
    async def check(keys: ListenKeys) -> None:
        assert await keys.account_of("a" * 64) is None
        assert not await keys.extend("nobody", "a" * 64)

    run(check)


def test_a_key_in_memory_ends_after_its_life() -> None:
    async def check() -> None:
        at = 0.0
        keys = MemoryListenKeys(60, lambda: at)
        key = await keys.open("one")
        at = 59
        assert await keys.extend("one", key)
        at = 118
        assert await keys.account_of(key) == "one"
        at = 119
        assert await keys.account_of(key) is None
        assert await keys.open("one") != key

    asyncio.run(check())


def test_a_key_in_redis_ends_after_its_life(server: EmbeddedRedis) -> None:
    async def key_of_half_a_second() -> str:
        async with redis_keys(server.url, 0.5) as keys:
            key = await keys.open("short")
            assert await keys.account_of(key) == "short"
            return key

    async def account_of(key: str) -> str | None:
        async with redis_keys(server.url) as keys:
            return await keys.account_of(key)

    key = asyncio.run(key_of_half_a_second())
    await_condition(lambda: asyncio.run(account_of(key)) is None, "the key has expired")


def test_a_key_in_redis_lives_on_when_it_is_extended(server: EmbeddedRedis) -> None:
    async def check() -> None:
        async with redis_keys(server.url, 0.5) as short, redis_keys(server.url) as longer:
            key = await short.open("extended")
            assert await longer.extend("extended", key)
            # The other key of the same life is gone: so this one would be.
            other = await short.open("not extended")
            async with asyncio.timeout(10):
                while await longer.account_of(other) is not None:
                    await asyncio.sleep(0.01)
            assert await longer.account_of(key) == "extended"
            assert await longer.open("extended") == key

    asyncio.run(check())


def test_all_processes_that_share_a_redis_know_a_key(server: EmbeddedRedis) -> None:
    async def check() -> None:
        async with redis_keys(server.url) as one, redis_keys(server.url) as other:
            keys = await asyncio.gather(*(each.open("shared") for each in [one, other] * 10))

            assert len(set(keys)) == 1
            assert await other.account_of(keys[0]) == "shared"
            assert await other.close("shared", keys[0])
            assert await one.account_of(keys[0]) is None

    asyncio.run(check())


def test_says_so_when_redis_does_not_answer() -> None:
    async def check() -> None:
        async with redis_keys("redis://127.0.0.1:1/0") as keys:
            with pytest.raises(BinanceError) as caught:
                await keys.open("anybody")
            assert (caught.value.code, caught.value.status) == (-1001, 503)

    asyncio.run(check())
