"""What an operator can do to Redis: one clear line, nothing lost, and on by itself when mended."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.flow import write_instruments
from tests.connectors.feeding import Written
from tests.connectors.mishap import Mishap
from tests.connectors.processes import Connectors
from tests.connectors.redis.market_log import market_records
from tests.connectors.redis_store import RedisStore
from tests.connectors.small_disk import small_disk
from tests.fixtures.exchange_topics import ExchangeTopics
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

pytestmark = pytest.mark.variant

COMMANDS = 1_500
PASSWORD = "open-sesame"
MEGABYTES = 16

Make = Callable[[RedisStore], Mishap]


@pytest.fixture(scope="module")
def instruments_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_instruments(tmp_path_factory.mktemp("instruments") / "instruments.json")


@pytest.fixture(scope="module")
def records(instruments_file: Path) -> list[Written]:
    return market_records(instruments_file, COMMANDS)


@pytest.fixture
def mishap_of(fresh_topics: ExchangeTopics, records: list[Written], tmp_path: Path) -> Make:
    return lambda store: Mishap(Connectors(fresh_topics, store, tmp_path), records)


@pytest.fixture
def server(time_series_server: EmbeddedRedis) -> Iterator[EmbeddedRedis]:
    """Empty, and with a user whose rights a test may take away."""
    store = RedisStore(time_series_server)
    with store.client() as client:
        client.flushall()
        _set_user(client, "reset", "on", f">{PASSWORD}", "~*", "&*", "+@all")
        yield time_series_server
        client.acl_deluser("tradeflow")


@pytest.fixture
def store(server: EmbeddedRedis, instruments_file: Path) -> RedisStore:
    url = server.url.replace("//", f"//tradeflow:{PASSWORD}@")
    return RedisStore(server, url=url, instruments=instruments_file)


def _set_user(client: Any, *rules: str) -> None:
    client.execute_command("ACL", "SETUSER", "tradeflow", *rules)


@pytest.mark.parametrize(
    "is_killed",
    [
        pytest.param(False, id="goes on", marks=pytest.mark.variant),
        pytest.param(True, id="is killed as well"),
    ],
)
def test_a_full_disk(
    mishap_of: Make, instruments_file: Path, tmp_path: Path, is_killed: bool
) -> None:
    """What it answered last is nowhere but in its memory, when it is killed then."""
    with small_disk(tmp_path / "disk", MEGABYTES) as disk:
        server = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=disk.folder))
        server.start()

        def mend() -> None:
            if is_killed:
                server.kill()
            disk.free()
            server.start()

        try:
            store = RedisStore(server, instruments=instruments_file)
            said = mishap_of(store).run(disk.fill, mend, "MISCONF")
        finally:
            server.stop()

    assert "cannot write to its disk: make room there, its log has the reason" in said


@pytest.mark.parametrize(
    ("taken", "given", "names"),
    [
        pytest.param(["-zadd"], ["+zadd"], "'zadd'", id="a command"),
        pytest.param(
            *(["-evalsha", "-eval"], ["+@all"], "'eval"), id="scripts", marks=pytest.mark.variant
        ),
        pytest.param(
            *(["resetkeys", "~positions:*"], ["allkeys"], "access a key at candles:redis"),
            id="keys",
        ),
        pytest.param(
            *(["resetchannels"], ["allchannels"], "access a channel"),
            id="channels",
            marks=pytest.mark.variant,
        ),
    ],
)
def test_a_lost_grant(
    mishap_of: Make, store: RedisStore, taken: list[str], given: list[str], names: str
) -> None:
    def harm() -> None:
        with store.client() as client:
            _set_user(client, *taken)
            client.execute_command("CLIENT", "KILL", "USER", "tradeflow")

    def mend() -> None:
        with store.client() as client:
            _set_user(client, *given)

    said = mishap_of(store).run(harm, mend, "refuses the user a command or key")

    assert "grant them in its ACL" in said
    assert names in said


@pytest.mark.variant
def test_a_wrong_password(mishap_of: Make, store: RedisStore) -> None:
    def harm() -> None:
        with store.client() as client:
            _set_user(client, "resetpass", ">other")
            client.execute_command("CLIENT", "KILL", "USER", "tradeflow")

    def mend() -> None:
        with store.client() as client:
            _set_user(client, f">{PASSWORD}")

    said = mishap_of(store).run(harm, mend, "refuses the user or password")

    assert "of TRADEFLOW_REDIS_URL" in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    "key",
    [
        "positions:redis",
        "orderbook:BTCUSDT:bids",
        *(
            pytest.param(key, marks=pytest.mark.variant)
            for key in (
                "ticker:BTCUSDT",
                "orderbook:BTCUSDT",
                "ticker:BTCUSDT:1m",
                "ticker:BTCUSDT:1m:open",
            )
        ),
    ],
)
def test_a_key_of_another_type(mishap_of: Make, store: RedisStore, key: str) -> None:
    def harm() -> None:
        with store.client() as client:
            client.rename(key, "elsewhere")
            client.rpush(key, "another program's")

    def mend() -> None:
        with store.client() as client:
            client.rename("elsewhere", key)

    said = mishap_of(store).run(harm, mend, "has keys of these names that another program wrote")

    assert "remove them, or set TRADEFLOW_REDIS_KEY_PREFIX" in said
    assert f" at {key.removesuffix(':open').removesuffix(':bids')}" in said


@pytest.mark.parametrize("is_all", [True, False], ids=["FLUSHALL", "positions alone"])
def test_an_emptied_store_is_filled_from_the_beginning(
    mishap_of: Make, store: RedisStore, is_all: bool
) -> None:
    def harm() -> None:
        with store.client() as client:
            if is_all:
                client.flushall()
            else:
                client.delete("positions:redis")

    mishap_of(store).pass_by(harm, "any more: it was emptied; its positions are read again")
