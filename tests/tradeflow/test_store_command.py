"""`tradeflow store`: a server from the command line."""

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


def test_a_server_is_started_looked_at_and_stopped(folder: Path) -> None:
    assert _said("status", "redis", code=EXIT_NOT_RUNNING) == "Redis does not run.\n"
    assert _said("stop", "redis") == "Redis does not run.\n"
    try:
        started = _said("start", "redis")
        assert started.startswith("Redis is up at redis://127.0.0.1:")
        url = started.split()[4]
        with redis.Redis.from_url(url) as client:
            assert client.set("key", "kept")
        assert _said("start", "redis").startswith(f"Redis runs already at {url}")
        assert _said("status", "redis").startswith(f"Redis runs at {url} (process ")
    finally:
        stopped = _said("stop", "redis")
    assert stopped == f"Redis is stopped; its data stays in {folder}.\n"
    assert _said("status", "redis", code=EXIT_NOT_RUNNING) == "Redis does not run.\n"


def test_an_unknown_store_is_refused() -> None:
    assert "is not one of 'redis'" in _said("start", "paper", code=2)
