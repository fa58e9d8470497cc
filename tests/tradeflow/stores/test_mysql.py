"""The embedded MySQL: a real server, started, stopped and killed."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import mysql.connector
import pytest

from tradeflow.errors import TradeflowError
from tradeflow.stores.mysql import EmbeddedMysql, EmbeddedMysqlSettings


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMysql]:
    server = EmbeddedMysql(EmbeddedMysqlSettings(port=0, data_dir=tmp_path_factory.mktemp("own")))
    yield server
    server.stop()


@pytest.fixture
def server(own_server: EmbeddedMysql) -> EmbeddedMysql:
    """A running server that a test may stop or kill."""
    own_server.start()
    return own_server


def query(server: EmbeddedMysql, *statements: str) -> list[Any]:
    settings = server.settings
    with closing(
        mysql.connector.connect(
            host=settings.host,
            port=server.port,
            user=settings.user,
            password=settings.password,
            database=settings.database,
        )
    ) as db:
        cursor = db.cursor()
        for statement in statements:
            cursor.execute(statement)
        rows = cursor.fetchall() if cursor.with_rows else []
        db.commit()
        return rows


def test_it_is_mysql_8(server: EmbeddedMysql) -> None:
    ((version,),) = query(server, "SELECT VERSION()")

    assert version.startswith("8.")


def test_a_second_start_leaves_the_running_server_alone(server: EmbeddedMysql) -> None:
    pid = server.pid

    EmbeddedMysql(server.settings).start()

    assert pid is not None
    assert server.pid == pid


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_rows_and_port_survive_its_end(server: EmbeddedMysql, end: str) -> None:
    query(server, f"CREATE TABLE {end}_rows (n INT)", f"INSERT INTO {end}_rows VALUES (1), (2)")
    port = server.port

    getattr(server, end)()
    assert not server.is_running()
    server.start()

    assert server.port == port
    assert query(server, f"SELECT COUNT(*) FROM {end}_rows") == [(2,)]


def test_a_server_that_ends_while_it_starts_says_why(server: EmbeddedMysql) -> None:
    server.stop()
    odd = EmbeddedMysql(server.settings.model_copy(update={"options": "--no-such-option=1"}))

    with pytest.raises(TradeflowError, match="no-such-option"):
        odd.start()

    assert not odd.is_running()


def test_a_taken_port_is_said(server: EmbeddedMysql) -> None:
    server.stop()
    with socket.socket() as other:
        other.bind((server.settings.host, 0))
        other.listen()
        port = other.getsockname()[1]
        hindered = EmbeddedMysql(server.settings.model_copy(update={"port": port}))

        with pytest.raises(TradeflowError, match=f"Port {port} .* is taken"):
            hindered.start()


def test_the_command_starts_tells_and_stops(tmp_path: Path) -> None:
    def store(verb: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("tradeflow"), "store", verb, "mysql"],
            cwd=tmp_path,
            env={**os.environ, "TRADEFLOW_MYSQL_SERVER_PORT": "0"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    before = store("status")
    assert (before.returncode, before.stdout) == (
        3,
        "mysql does not run. Start it with: tradeflow store start mysql\n",
    )
    try:
        started = store("start")
        assert started.returncode == 0, started.stderr
        assert "mysql runs at 127.0.0.1:" in started.stdout
        assert store("status").returncode == 0
    finally:
        stopped = store("stop")
    assert stopped.stdout == "mysql is stopped; its data is kept.\n"
    assert store("status").returncode == 3
