"""The embedded Redis server: a real process with a data folder of its own."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tradeflow.errors import TradeflowError
from tradeflow.stores.redis import SERVER, EmbeddedRedis, EmbeddedRedisSettings


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=tmp_path / "redis"))
    yield server
    server.stop()


def test_data_and_address_outlive_a_stop_and_a_kill(server: EmbeddedRedis) -> None:
    server.start()
    url, pid = server.url, server.pid
    for end in (server.stop, server.kill):
        with redis.Redis.from_url(url) as client:
            client.rpush("ends", end.__name__)
        end()
        assert server.pid is None
        server.start()

    assert server.url == url
    assert server.pid != pid
    with redis.Redis.from_url(url) as client:
        assert client.lrange("ends", 0, -1) == [b"stop", b"kill"]


def test_it_has_time_series(server: EmbeddedRedis) -> None:
    server.start()

    with redis.Redis.from_url(server.url) as client:
        assert client.execute_command("TS.ADD", "series", 5, "1.5") == 5
        assert client.execute_command("TS.GET", "series") == [5, 1.5]


def test_it_has_none_where_none_are_wanted(tmp_path: Path) -> None:
    settings = EmbeddedRedisSettings(port=0, data_dir=tmp_path, time_series=False)
    server = EmbeddedRedis(settings)
    server.start()
    try:
        with (
            redis.Redis.from_url(server.url) as client,
            pytest.raises(redis.ResponseError, match="unknown command"),
        ):
            client.execute_command("TS.GET", "series")
    finally:
        server.stop()


def test_who_uses_the_same_folder_finds_the_same_server(server: EmbeddedRedis) -> None:
    server.start()
    other = EmbeddedRedis(server.settings)

    other.start()

    assert other.pid == server.pid
    other.stop()
    assert server.pid is None


def test_only_this_machine_reaches_it(server: EmbeddedRedis) -> None:
    server.start()

    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_a_server_that_hangs_is_ended_all_the_same(server: EmbeddedRedis) -> None:
    quick = EmbeddedRedis(server.settings.model_copy(update={"stop_timeout_seconds": 0.2}))
    quick.start()
    pid = quick.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()

    quick.stop()

    assert quick.pid is None
    assert time.monotonic() - started < 60


def test_before_the_first_start_there_is_no_address(server: EmbeddedRedis) -> None:
    with pytest.raises(TradeflowError, match="was never started"):
        _ = server.url
    server.stop()


def test_a_taken_port_says_what_to_set(server: EmbeddedRedis, tmp_path: Path) -> None:
    server.start()
    port = int(server.url.rpartition(":")[2].removesuffix("/0"))
    settings = EmbeddedRedisSettings(port=port, data_dir=tmp_path / "other", time_series=False)

    with pytest.raises(TradeflowError, match=f"port {port} .+ TRADEFLOW_EMBEDDED_REDIS_PORT"):
        EmbeddedRedis(settings).start()


def test_a_server_that_ends_at_once_says_why(server: EmbeddedRedis) -> None:
    settings = server.settings.model_copy(update={"time_series_module": Path("/nowhere/x.so")})

    with pytest.raises(TradeflowError, match="ended while it started: .+"):
        EmbeddedRedis(settings).start()


def test_a_server_that_is_not_there_says_what_to_set(server: EmbeddedRedis) -> None:
    settings = server.settings.model_copy(update={"server": Path("/nowhere/redis-server")})

    with pytest.raises(TradeflowError, match="TRADEFLOW_EMBEDDED_REDIS_SERVER"):
        EmbeddedRedis(settings).start()


def test_a_server_that_is_no_program_is_one_line(server: EmbeddedRedis, tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("not a program")
    settings = server.settings.model_copy(update={"server": tmp_path / "readme.txt"})

    with pytest.raises(TradeflowError, match="cannot be run: .+readme.txt: Permission denied"):
        EmbeddedRedis(settings).start()


def test_a_server_may_be_named_from_where_one_stands(
    server: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own-server").symlink_to(SERVER.path())
    monkeypatch.chdir(tmp_path)
    settings = server.settings.model_copy(update={"server": Path("own-server")})

    named = EmbeddedRedis(settings)
    named.start()

    assert server.is_running()
    named.stop()


def test_a_folder_that_cannot_be_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = EmbeddedRedisSettings(port=0, data_dir=tmp_path / "file" / "redis")

    with pytest.raises(TradeflowError, match="TRADEFLOW_EMBEDDED_REDIS_DATA_DIR"):
        EmbeddedRedis(settings).start()
