"""The gateway's key ring over a real database that is fast, revokes, hangs, dies and comes back."""

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.fixtures.mysql import running_mysql
from tests.web.auth.conftest import mysql_url
from tradeflow.stores.mysql import EmbeddedMysql
from web.auth.api_key import ApiKey, KeysAwayError
from web.auth.caller import Scope
from web.auth.key_store import Found, KeyStore
from web.auth.settings import AuthSettings
from web.auth.stored_keys import StoredKeys
from web.errors import ConfigError

UNKNOWN = "u" * 64
QUICK = {"answer_seconds": 0.3, "retry_seconds": 0.1}


class _CountingStore(KeyStore):
    """Says what it was asked, each question a list of keys."""

    def __init__(self, settings: AuthSettings) -> None:
        super().__init__(settings)
        self.questions: list[list[str]] = []

    def find(self, keys: Any) -> Found:
        self.questions.append(list(keys))
        return super().find(keys)


@asynccontextmanager
async def _ring(
    settings: AuthSettings, store: KeyStore | None = None, **changes: float
) -> AsyncIterator[StoredKeys]:
    settings = settings.model_copy(update=changes)
    store = store or KeyStore(settings)
    ring = StoredKeys(settings, store)
    await ring.open()
    try:
        yield ring
    finally:
        await ring.close()
        store.close()


def _made(settings: AuthSettings, *accounts: str) -> list[ApiKey]:
    store = KeyStore(settings)
    store.open()
    made = [store.create(account, [Scope.READ]) for account in accounts]
    store.close()
    return made


async def _until(condition: Callable[[], bool], what: str) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def _is_away(ring: StoredKeys, key: str = UNKNOWN) -> bool:
    try:
        await ring.find(key)
    except KeysAwayError:
        return True
    return False


def test_keys_are_found_and_others_are_not(settings: AuthSettings) -> None:
    async def run() -> None:
        alice, bob = _made(settings, "alice", "bob")
        async with _ring(settings) as ring:
            assert await ring.find(alice.key) == alice
            assert await ring.find(bob.key) == bob
            assert await ring.find(UNKNOWN) is None
            assert await ring.find(alice.key.swapcase()) is None
            # One that is made after it was looked for works at once.
            (carol,) = _made(settings, "carol")
            assert await ring.find(carol.key) == carol

    asyncio.run(run())


def test_a_revoked_key_stops_working_within_the_time_in_every_gateway(
    settings: AuthSettings,
) -> None:
    async def run() -> None:
        (alice,) = _made(settings, "alice")
        loop = asyncio.get_running_loop()
        fresh = 0.5
        async with (
            _ring(settings, fresh_seconds=fresh) as one,
            _ring(settings, fresh_seconds=fresh) as two,
        ):
            for ring in (one, two):
                assert await ring.find(alice.key) == alice
            store = KeyStore(settings)
            store.open()
            await asyncio.to_thread(store.revoke, alice.key)
            revoked_at = loop.time()
            store.close()
            for ring in (one, two):
                began = loop.time()
                while await ring.find(alice.key) is not None:
                    # It may be taken by a request that began within the time, and by no later one.
                    assert began - revoked_at <= fresh
                    await asyncio.sleep(0.01)
                    began = loop.time()

    asyncio.run(run())


def test_a_fresh_key_asks_nobody_and_many_requests_ask_together(settings: AuthSettings) -> None:
    async def run() -> None:
        made = _made(settings, *(f"a{number}" for number in range(20)))
        store = _CountingStore(settings)
        async with _ring(settings, store, fresh_seconds=60.0) as ring:
            wanted = [key for key in made for _ in range(10)]
            found = await asyncio.gather(*(ring.find(key.key) for key in wanted))
            assert found == wanted
            # All that came before the first question was sent went with it.
            assert len(store.questions) == 1
            assert sorted(store.questions[0]) == sorted(key.key for key in made)
            for key in made:
                await ring.find(key.key)
            assert len(store.questions) == 1

    asyncio.run(run())


def test_a_flood_of_unknown_keys_takes_little_and_keeps_nobody_out(settings: AuthSettings) -> None:
    async def run() -> None:
        alice, bob = _made(settings, "alice", "bob")
        store = _CountingStore(settings)
        async with _ring(settings, store, fresh_seconds=0.001, answer_seconds=20.0) as ring:
            assert await ring.find(alice.key) == alice
            flood = [asyncio.create_task(ring.find(f"{n:064}")) for n in range(20_000)]
            await asyncio.sleep(0)
            # Known keys are looked for again, in the crowd and beyond its limit.
            assert await ring.find(alice.key) == alice
            answers = await asyncio.gather(*flood, return_exceptions=True)
            kinds = Counter(type(each) for each in answers)
            assert kinds == {type(None): 5_000, KeysAwayError: 15_000}
            assert len(store.questions) < 30
            assert await ring.find(bob.key) == bob
            assert len(ring._known) == 2

    asyncio.run(run())


def test_memory_is_bounded_and_keeps_what_was_used_last(settings: AuthSettings) -> None:
    async def run() -> None:
        made = _made(settings, *(f"a{number}" for number in range(6)))
        store = _CountingStore(settings)
        async with _ring(settings, store, kept_keys=3, fresh_seconds=60.0) as ring:
            for key in made[:3]:
                await ring.find(key.key)
            await ring.find(made[0].key)
            await ring.find(made[3].key)
            store.questions.clear()
            assert await ring.find(made[0].key) == made[0]
            assert store.questions == []
            assert await ring.find(made[1].key) == made[1]
            assert store.questions == [[made[1].key]]

    asyncio.run(run())


def test_a_key_that_cannot_be_read_is_not_called_unknown(settings: AuthSettings) -> None:
    async def run() -> None:
        (alice,) = _made(settings, "alice")
        async with _ring(settings) as ring:
            store = KeyStore(settings)
            store.open()
            with store.database.writing() as connection:
                connection.exec_driver_sql("UPDATE api_keys SET sealed_secret = 'torn'")
            store.close()
            assert await _is_away(ring, alice.key)
            assert not ring.is_away
            assert await ring.find(UNKNOWN) is None

    asyncio.run(run())


def test_a_store_that_does_not_fit_ends_the_start(settings: AuthSettings) -> None:
    _made(settings, "alice")
    other = settings.model_copy(update={"master_key": SecretStr("A" * 43 + "=")})

    async def run() -> None:
        with pytest.raises(ConfigError, match="is not the one"):
            async with _ring(other):
                pass

    asyncio.run(run())


# --- a database that is away ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMysql]:
    """A MySQL of this file's own, to be stopped, killed and frozen."""
    with running_mysql(tmp_path_factory.mktemp("own-mysql")) as own:
        yield own


@pytest.fixture
def own(server: EmbeddedMysql, tmp_path: Path) -> AuthSettings:
    """The default schema on it."""
    if not server.is_running():
        server.start()
    return AuthSettings(
        database_url=SecretStr(mysql_url(server, "tradeflow_auth")),
        # One for all tests of the file: the schema is the same.
        state_dir=server.settings.data_dir / "gateway",
    )


def test_while_the_database_is_away_known_keys_go_on(
    server: EmbeddedMysql, own: AuthSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "web.auth.stored_keys")

    async def run() -> None:
        alice, bob = _made(own, "alice", "bob")
        async with _ring(own, fresh_seconds=0.01, **QUICK) as ring:
            assert await ring.find(alice.key) == alice
            await asyncio.to_thread(server.kill)

            for _ in range(20):
                assert await ring.find(alice.key) == alice
                assert await _is_away(ring, bob.key)
                assert await _is_away(ring)
            assert ring.is_away

            await asyncio.to_thread(server.start)
            await _until(lambda: not ring.is_away, "the database is back")
            assert await ring.find(bob.key) == bob
            assert await ring.find(UNKNOWN) is None
            store = KeyStore(own)
            store.open()
            await asyncio.to_thread(store.revoke, alice.key)
            store.close()
            await asyncio.sleep(0.02)
            assert await ring.find(alice.key) is None

    asyncio.run(run())
    said = [record.getMessage() for record in caplog.records]
    assert len([text for text in said if "Keys that are known go on" in text]) == 1
    assert len([text for text in said if "is back" in text]) == 1


def test_a_database_that_hangs_holds_nobody_up(server: EmbeddedMysql, own: AuthSettings) -> None:
    async def run() -> None:
        alice, bob = _made(own, "alice", "bob")
        loop = asyncio.get_running_loop()
        async with _ring(own, fresh_seconds=0.01, **QUICK) as ring:
            assert await ring.find(alice.key) == alice
            pid = server.pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            try:
                longest, stop = [0.0], asyncio.Event()
                watch = asyncio.create_task(_watch_the_loop(longest, stop))
                await asyncio.sleep(0.02)
                began = loop.time()
                assert await ring.find(alice.key) == alice
                # Less than the driver waits; it is no measurement.
                assert loop.time() - began < 4.0
                assert ring.is_away
                answers = await asyncio.gather(*(_is_away(ring, bob.key) for _ in range(100)))
                assert all(answers)
                stop.set()
                await watch
                assert longest[0] < 4.0, "the event loop stood still"
            finally:
                os.kill(pid, signal.SIGCONT)
            await _until(lambda: not ring.is_away, "the database goes on")
            assert await ring.find(bob.key) == bob

    asyncio.run(run())


def test_a_gateway_that_starts_without_its_database_waits_for_it(
    server: EmbeddedMysql, own: AuthSettings
) -> None:
    async def run() -> None:
        (alice,) = _made(own, "alice")
        await asyncio.to_thread(server.stop)
        async with _ring(own, **QUICK) as ring:
            assert ring.is_away
            assert await _is_away(ring, alice.key)
            await asyncio.to_thread(server.start)
            await _until(lambda: not ring.is_away, "the database is there")
            assert await ring.find(alice.key) == alice

    asyncio.run(run())


def test_a_database_that_comes_with_another_master_key_is_not_used(
    server: EmbeddedMysql, own: AuthSettings, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        (alice,) = _made(own, "alice")
        await asyncio.to_thread(server.stop)
        other = own.model_copy(update={"master_key": SecretStr("A" * 43 + "=")})
        async with _ring(other, **QUICK) as ring:
            await asyncio.to_thread(server.start)
            await _until(lambda: "is not the one" in caplog.text, "it says so")
            assert await _is_away(ring, alice.key)

    asyncio.run(run())
    assert caplog.text.count("is not the one") == 1


async def _watch_the_loop(longest: list[float], stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        began = loop.time()
        await asyncio.sleep(0.01)
        longest[0] = max(longest[0], loop.time() - began)
