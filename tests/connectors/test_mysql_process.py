"""`tradeflow connect mysql` as a process: how it says what is wrong, and how it ends."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.connectors.feeding import eventually
from tests.connectors.mysql_store import MysqlStore
from tests.connectors.processes import ConnectorProcess
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.fixtures.mysql import running_mysql

Start = Callable[..., ConnectorProcess]
STOP_SECONDS = 5


@pytest.fixture
def start(exchange_topics: ExchangeTopics, mysql_store: MysqlStore, tmp_path: Path) -> Start:
    def make(**env: str) -> ConnectorProcess:
        settings = mysql_store.settings
        known = {
            "BROKER": exchange_topics.bootstrap,
            "TRADEFLOW_MYSQL_PORT": str(settings.port),
            "TRADEFLOW_MYSQL_DATABASE": settings.database,
        }
        return ConnectorProcess("mysql", tmp_path / "connector.log", **{**known, **env})

    return make


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TRADEFLOW_MYSQL_PORT", "0", "TRADEFLOW_MYSQL_PORT=0 will not do"),
        ("TRADEFLOW_CONNECT_LINGER_MS", "-1", "TRADEFLOW_CONNECT_LINGER_MS=-1 will not do"),
        ("TRADEFLOW_INSTRUMENTS", "missing.json", "missing.json: cannot be read"),
    ],
)
def test_settings_that_will_not_do_are_one_line(
    start: Start, name: str, value: str, says: str
) -> None:
    with start(**{name: value}) as connector:
        assert connector.wait() == 78

    (line,) = connector.log.splitlines()
    assert says in line


def test_a_taken_port_is_one_line(start: Start) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with start(TRADEFLOW_CONNECT_WEB_PORT=str(port)) as connector:
            assert connector.wait() == 78

    assert f"cannot listen on 127.0.0.1:{port}" in connector.log
    assert "Traceback" not in connector.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(start: Start, number: signal.Signals) -> None:
    with start() as connector:
        eventually(lambda: connector.health("/health/ready")[0] == 200, connector.log)
        eventually(lambda: connector.health()[1]["lag"] is not None, connector.log)
        status, metrics = connector.page("/metrics")
        assert connector.terminate(STOP_SECONDS, number) == 0

    assert status == 200
    for name in ("lag", "rows_total", "store_errors_total", "retries_total", "breaker_state"):
        assert f"\ntradeflow_connector_{name}{{" in metrics
    assert "\ntradeflow_connector_batch_seconds_bucket{" in metrics
    assert connector.log.endswith("mysql: stopped\n")


@pytest.mark.slow
def test_it_waits_for_a_store_that_is_not_there_yet(start: Start, tmp_path: Path) -> None:
    with running_mysql(tmp_path / "late") as server:
        port = str(server.port)
        server.stop()
        with start(TRADEFLOW_MYSQL_PORT=port, TRADEFLOW_MYSQL_DATABASE="tradeflow") as connector:
            eventually(lambda: connector.health()[1]["breaker"] == "open", connector.log)
            assert connector.health()[0] == 200
            server.start()
            eventually(lambda: connector.health("/health/ready")[0] == 200, connector.log)
            assert connector.terminate(STOP_SECONDS) == 0


@pytest.mark.slow
def test_it_ends_in_time_although_the_store_hangs(start: Start, tmp_path: Path) -> None:
    with running_mysql(tmp_path / "hanging") as server:
        port = str(server.port)
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            with start(
                TRADEFLOW_MYSQL_PORT=port,
                TRADEFLOW_MYSQL_DATABASE="tradeflow",
                TRADEFLOW_MYSQL_CONNECT_TIMEOUT_SECONDS="60",
            ) as connector:
                eventually(lambda: connector.health()[1]["partitions"] > 0, connector.log)
                assert connector.terminate(STOP_SECONDS) == 0
        finally:
            os.kill(pid, signal.SIGCONT)

    assert "the store hangs; the connector ends without waiting for it" in connector.log
