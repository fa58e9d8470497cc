"""The embedded MongoDB server: started, found again, crashed, and refused clearly."""

import os
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from tests.fixtures.mongodb import new_server
from tradeflow.errors import TradeflowError
from tradeflow.stores.mongodb import EmbeddedMongodb, EmbeddedMongodbSettings
from tradeflow.stores.secantus import VERSION, server_program


def test_it_keeps_its_data_and_its_address_over_a_crash(tmp_path: Path) -> None:
    server = new_server(tmp_path)
    server.start()
    try:
        address, pid = server.address, server.pid
        with MongoClient[Any](server.url) as client:
            client.shop.things.insert_many([{"_id": number} for number in range(500)])
        server.kill()
        assert not server.is_running()
        server.start()
        assert server.address == address
        assert server.pid != pid
        with MongoClient[Any](server.url) as client:
            assert client.shop.things.count_documents({}) == 500
    finally:
        server.stop()
    assert not server.is_running()


def test_whoever_uses_the_folder_finds_it(tmp_path: Path) -> None:
    server, other = new_server(tmp_path), new_server(tmp_path)
    server.start()
    try:
        other.start()
        assert other.pid == server.pid
        assert other.url == server.url
    finally:
        other.stop()
    assert server.pid is None


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = EmbeddedMongodb(EmbeddedMongodbSettings(port=port, data_dir=tmp_path))
        with pytest.raises(TradeflowError, match=f"Port {port} on 127.0.0.1 is taken"):
            server.start()
    assert server.pid is None


def test_one_that_was_never_started_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(TradeflowError, match="was never started"):
        _ = new_server(tmp_path).url


def test_a_download_that_fails_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEFLOW_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    with pytest.raises(TradeflowError, match=f"SecantusDB {VERSION} could not be downloaded: "):
        server_program()
    assert [each.suffix for each in tmp_path.iterdir()] == [".lock"]


def test_another_wheel_than_the_tested_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEFLOW_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("tradeflow.stores.secantus._WHEEL_SHA256", "0" * 64)
    with pytest.raises(TradeflowError, match="is not the one that was tested"):
        server_program()


def test_it_outlives_nobody_it_should_not(tmp_path: Path) -> None:
    server = new_server(tmp_path)
    server.start()
    pid = server.pid
    assert pid is not None and psutil.Process(pid).ppid() == os.getpid()
    server.stop()
    assert not psutil.pid_exists(pid)
