"""The whole exchange in one command: stores, connectors, makers, gateway; seen, broken, ended."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pymongo
import pytest
import redis

from tests.tradeflow.commands.running_exchange import Up, are_gone, await_condition, json_lines, run
from tradeflow.recorded_process import RecordedProcess
from tradeflow.stores.kinds import StoreName

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

_EVERYTHING = {"TRADEFLOW_UP_STORES": "mysql,redis,mongodb", "TRADEFLOW_UP_GATEWAY": "true"}
_PID_FILES = {"mysql": "mysql.pid", "redis": "redis.pid", "mongodb": "server.pid"}
_PARTS = {
    *("broker", "matching-0", "accounts-0", "orders-0", "marketdata-0", "clock", "makers"),
    *("mysql", "redis", "mongodb", "connect-mysql", "connect-redis", "connect-mongodb"),
    *("gateway", "supervisord", "up"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder for the module: servers are set up once."""
    folder = tmp_path_factory.mktemp("whole")
    yield folder
    run("down", folder=folder, settings=_EVERYTHING)


@pytest.fixture(scope="module")
def exchange(folder: Path) -> Iterator[Up]:
    """All of it."""
    up = Up(folder, ("--rate", "5"), _EVERYTHING)
    await_condition(lambda: "╯" in up.output or up.process.poll() is not None, "up", seconds=180)
    assert "TradeFlow is up" in up.output, up.output
    yield up
    up.end()


def status(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        each["name"]: each for each in json_lines(run("status", "--json", folder=folder).stdout)
    }


def server(folder: Path, name: str) -> psutil.Process | None:
    return RecordedProcess(folder / ".tradeflow" / name / _PID_FILES[name]).find()


def all_processes(up: Up) -> list[psutil.Process]:
    servers = [server(up.folder, name) for name in StoreName]
    return [*up.all_processes(), *(each for each in servers if each is not None)]


class TestTheWholeExchange:
    def test_it_says_where_clients_go_and_with_which_key(self, exchange: Up) -> None:
        output = exchange.output
        for pattern in (
            r"The stages are ready after \d+\.\d s\.",
            r"http://127\.0\.0\.1:\d+/api/v3",
            r"ws://127\.0\.0\.1:\d+/ws-api/v3",
            r"Account +demo",
            r"Key +[A-Za-z0-9]{64}",
            r"Secret +[A-Za-z0-9]{64}",
            r"tradeflow env ccxt",
        ):
            assert re.search(pattern, output), pattern

    def test_one_view_shows_how_every_part_is(self, exchange: Up) -> None:
        shown = await_condition(
            lambda: (
                (found := status(exchange.folder))
                and all(each["state"] == "up" for each in found.values())
                and found
            ),
            "every part is up",
        )

        assert shown.keys() == _PARTS
        for name in ("matching-0", "connect-mysql", "gateway"):
            assert shown[name]["address"].startswith("127.0.0.1:")
            assert isinstance(shown[name]["lag"], int)
        assert all(each["memory_bytes"] > 0 for each in shown.values())
        table = run("status", folder=exchange.folder)
        assert table.returncode == 0
        assert "connect-redis" in table.stdout

    def test_every_book_lives(self, exchange: Up) -> None:
        for symbol in ("BTCUSDT", "BNBBTC"):
            result = run("book", symbol, "--once", "--levels", "25", folder=exchange.folder)
            before, _, after = result.stdout.partition("spread")
            for side in (before, after):
                levels = re.findall(r"^│ +\d+\.\d+ +\d+\.\d+ +\d+\.\d+", side, re.MULTILINE)
                assert len(levels) >= 20, result.stdout

    def test_every_store_is_fed(self, exchange: Up) -> None:
        shown = status(exchange.folder)
        with redis.Redis.from_url(f"redis://{shown['redis']['address']}/0") as client:
            await_condition(lambda: client.get("price:BTCUSDT"), "a price in Redis")
        url = f"mongodb://{shown['mongodb']['address']}/?directConnection=true"
        with pymongo.MongoClient[Any](url) as client:
            audit = client["tradeflow"]["audit_logs"]
            await_condition(lambda: audit.find_one({"action": "ORDER_PLACED"}), "an audit entry")
        await_condition(lambda: status(exchange.folder)["connect-mysql"]["lag"] < 500, "rows")

    def test_clients_are_let_in_with_the_key(self, exchange: Up) -> None:
        url = f"http://{status(exchange.folder)['gateway']['address']}"
        assert httpx.get(f"{url}/api/v3/ping").json() == {}
        ready = httpx.get(f"{url}/health/ready").json()
        assert ready["dependencies"]["redis"]["status"] == "up"
        file = exchange.folder / ".tradeflow/supervisor/demo-key.json"
        assert file.stat().st_mode & 0o077 == 0
        listed = json_lines(run("key", "list", "--json", folder=exchange.folder).stdout)
        assert [each["key"] for each in listed] == [json.loads(file.read_text())["key"]]
        balance = run("account", "balance", "demo", folder=exchange.folder).stdout
        assert "100000" in balance.replace(",", "").replace(" ", "")

    def test_a_server_or_a_gateway_that_dies_is_started_again(self, exchange: Up) -> None:
        dead = server(exchange.folder, "redis")
        gateway = exchange.recorded("gateway")
        assert dead is not None
        assert gateway is not None
        dead.kill()
        gateway.kill()

        await_condition(
            lambda: (new := server(exchange.folder, "redis")) and new.pid != dead.pid, "Redis"
        )
        await_condition(
            lambda: "redis ended by itself; it is started again" in exchange.output, "the alert"
        )
        await_condition(
            lambda: all(each["state"] == "up" for each in status(exchange.folder).values()),
            "all is up again",
        )
        await_condition(
            lambda: "gateway ended unexpectedly and was started again" in exchange.output,
            "the notice",
        )

    def test_ctrl_c_ends_everything_and_nothing_is_left(self, exchange: Up) -> None:
        processes = all_processes(exchange)
        assert len(processes) == len(_PARTS)

        assert exchange.end(signal.SIGINT) == 0

        assert are_gone(processes)
        assert exchange.output.endswith("Everything is ended; data is kept.\n")
        assert run("status", folder=exchange.folder).stdout.startswith("TradeFlow is not up.")

    def test_the_next_one_has_the_same_key_and_down_ends_what_a_kill_left(
        self, folder: Path
    ) -> None:
        # Keys were put into MySQL, so it is started for them.
        up = Up(folder, ("--stores", "redis"), _EVERYTHING)
        await_condition(lambda: "╯" in up.output, "up", seconds=180)
        key = json.loads((folder / ".tradeflow/supervisor/demo-key.json").read_text())
        assert key["key"] in up.output
        assert "The keys of the gateway are in MySQL: it is started for them." in up.output
        assert status(folder).keys() == _PARTS - {"mongodb", "connect-mysql", "connect-mongodb"}
        processes = all_processes(up)
        up.end(signal.SIGKILL)

        down = run("down", folder=folder)

        assert down.returncode == 0, down.stderr
        assert are_gone(processes)


def test_what_cannot_be_had_is_left_out_in_one_line(tmp_path: Path) -> None:
    settings = {
        "TRADEFLOW_EMBEDDED_REDIS_SERVER": str(tmp_path / "nothing"),
        "TRADEFLOW_UP_STORES": "redis",
    }
    up = Up(tmp_path, ("--no-flow",), settings)
    try:
        up.wait_until_up()
        (line,) = [line for line in up.output.splitlines() if "is left out" in line]
        assert line.startswith("redis is left out: There is no server ")
        assert "TRADEFLOW_EMBEDDED_REDIS_SERVER" in line
        assert "connect-redis" not in status(tmp_path)
    finally:
        up.end()


@pytest.mark.variant
def test_a_store_elsewhere_is_fed_and_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    started = run("store", "start", "redis", folder=elsewhere)
    assert started.returncode == 0, started.stderr
    address = started.stdout.split()[3].rstrip(".")
    settings = {"TRADEFLOW_REDIS_URL": f"redis://{address}/3", "TRADEFLOW_UP_STORES": "redis"}
    up = Up(tmp_path, (), settings)
    try:
        up.wait_until_up()
        with redis.Redis.from_url(f"redis://{address}/3") as client:
            await_condition(lambda: client.get("price:BTCUSDT"), "a price")
            up.end()
            assert client.ping()
    finally:
        up.end()
        run("store", "stop", "redis", folder=elsewhere)
    assert not (tmp_path / ".tradeflow/redis").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"TRADEFLOW_UP_STORES": "oracle"}, "Error: There is no store 'oracle'."),
        ({"TRADEFLOW_GATEWAY_PORT": "many"}, "TRADEFLOW_GATEWAY_PORT=many will not do"),
    ],
)
def test_settings_that_will_not_do_are_one_line(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    result: subprocess.CompletedProcess[str] = run(
        "up", "--no-flow", "--gateway", folder=tmp_path, settings=settings
    )

    assert result.returncode != 0
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
