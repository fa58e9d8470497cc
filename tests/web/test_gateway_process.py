"""`tradeflow gateway` as a process: it starts, answers, says what is wrong, and ends."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.exchange import await_condition
from tests.web.gateway_command import GatewayProcess, tradeflow
from tests.web.running_exchange import RunningExchange
from web.errors import ExitCode

pytestmark = pytest.mark.shares_exchange


@pytest.fixture
def broker(exchange: RunningExchange) -> str:
    return exchange.broker.bootstrap


@pytest.fixture
def gateway(broker: str, tmp_path: Path) -> Iterator[GatewayProcess]:
    """In place of the one on a thread."""
    process = GatewayProcess(tmp_path, BROKER=broker)
    try:
        yield process
    finally:
        process.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_cleanly(gateway: GatewayProcess, number: int) -> None:
    assert httpx.get(f"{gateway.url}/api/v3/ping").json() == {}

    assert gateway.end(number) == ExitCode.CLEAN
    assert "Traceback" not in gateway.said()
    assert json.loads(gateway.said().splitlines()[-1])["message"] == "stopped"


def test_it_ends_while_clients_hold_connections(gateway: GatewayProcess) -> None:
    with httpx.Client() as client:
        assert client.get(f"{gateway.url}/api/v3/time").status_code == 200

        assert gateway.end(signal.SIGTERM) == ExitCode.CLEAN


def test_it_ends_while_it_still_starts(gateway: GatewayProcess) -> None:
    await_condition(lambda: "keys are in" in gateway.said(), "it starts")

    assert gateway.end(signal.SIGTERM) == ExitCode.CLEAN
    assert "Traceback" not in gateway.said()


def test_a_second_signal_ends_it_at_once(gateway: GatewayProcess) -> None:
    port = int(gateway.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as half_a_request:
        half_a_request.sendall(
            b"POST /api/v3/ping HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"
        )
        gateway.process.send_signal(signal.SIGTERM)
        gateway.process.send_signal(signal.SIGINT)
        # Whichever comes first: it gives a request some seconds.
        assert gateway.wait() in (ExitCode.CLEAN, -signal.SIGINT, -signal.SIGTERM)


def test_a_port_that_is_taken(broker: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = GatewayProcess(tmp_path, BROKER=broker, TRADEFLOW_GATEWAY_PORT=str(port))

        assert process.wait() == ExitCode.CONFIG
    assert f"cannot listen on 127.0.0.1:{port}" in process.said()
    assert "TRADEFLOW_GATEWAY_PORT" in process.said()
    assert "Traceback" not in process.said()


def test_a_broker_that_is_not_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    process = GatewayProcess(tmp_path, BROKER=f"127.0.0.1:{port}")

    assert process.wait() == ExitCode.BROKER
    assert f"the broker at 127.0.0.1:{port} does not answer" in process.said()
    assert "Traceback" not in process.said()


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({}, ExitCode.BROKER, "No broker runs here."),
        ({"TRADEFLOW_GATEWAY_PORT": "70000"}, ExitCode.CONFIG, "TRADEFLOW_GATEWAY_PORT=70000"),
        ({"TRADEFLOW_AUTH_FRESH_SECONDS": "0"}, ExitCode.CONFIG, "TRADEFLOW_AUTH_FRESH_SECONDS=0"),
        ({"TRADEFLOW_MYSQL_PORT": "x"}, ExitCode.CONFIG, "TRADEFLOW_MYSQL_PORT"),
    ],
)
def test_settings_that_cannot_work_are_one_line(
    settings: dict[str, str], code: ExitCode, words: str, tmp_path: Path
) -> None:
    result = tradeflow("gateway", folder=tmp_path, settings=settings)

    assert result.returncode == code
    assert result.stderr.startswith("Error: ") and words in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TRADEFLOW_AUTH_MASTER_KEY": "abc"}, "TRADEFLOW_AUTH_MASTER_KEY holds no master key"),
        ({"TRADEFLOW_AUTH_DATABASE_URL": "oracle://h/d"}, "keys cannot be kept in oracle"),
        ({"TRADEFLOW_GATEWAY_REDIS_URL": "nonsense"}, "TRADEFLOW_GATEWAY_REDIS_URL is no URL"),
        ({"TRADEFLOW_INSTRUMENTS": "missing.json"}, "missing.json"),
    ],
)
def test_what_it_finds_out_when_it_starts(
    settings: dict[str, str], words: str, broker: str, tmp_path: Path
) -> None:
    process = GatewayProcess(tmp_path, BROKER=broker, **settings)

    assert process.wait() == ExitCode.CONFIG
    assert words in process.said()
    assert "Traceback" not in process.said()
