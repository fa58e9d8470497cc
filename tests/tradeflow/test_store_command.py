"""`tradeflow store` with Redis: a server from the command line."""

import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tradeflow.commands.store import EXIT_NOT_RUNNING


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRADEFLOW_EMBEDDED_REDIS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRADEFLOW_EMBEDDED_REDIS_PORT", "0")
    return tmp_path


def _said(*words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "tradeflow", "store", *words]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == code, ended.stderr
    return ended.stdout + ended.stderr


def test_a_server_is_started_looked_at_and_stopped() -> None:
    _said("status", "redis", code=EXIT_NOT_RUNNING)
    assert _said("stop", "redis") == "redis does not run.\n"
    try:
        address = _said("start", "redis").split()[3].rstrip(".")
        with redis.Redis.from_url(f"redis://{address}/0") as client:
            assert client.set("key", "kept")
        assert address in _said("start", "redis")
        assert _said("status", "redis") == f"redis runs at {address}.\n"
    finally:
        stopped = _said("stop", "redis")
    assert stopped == "redis is stopped; its data is kept.\n"
    _said("status", "redis", code=EXIT_NOT_RUNNING)


def test_an_unknown_store_is_refused() -> None:
    assert "'redis'" in _said("start", "paper", code=2)
