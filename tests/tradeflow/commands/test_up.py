"""The exchange in one command: seen, broken, checked and ended."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.topics import ORDERS_EXECUTIONS
from tests.tradeflow.commands.running_exchange import (
    Up,
    are_gone,
    await_condition,
    json_lines,
    run,
)
from tradeflow.recorded_process import RecordedProcess

pytestmark = pytest.mark.slow
_COMMANDS = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder for the module: a broker is formatted once."""
    folder = tmp_path_factory.mktemp("exchange")
    yield folder
    run("down", folder=folder)


@pytest.fixture(scope="module")
def exchange(folder: Path) -> Iterator[Up]:
    """A running exchange with 200 commands in it."""
    up = Up(folder, ("--no-flow", "--workers", "2")).wait_until_up()
    up.feed(_COMMANDS, seed=7)
    yield up
    up.end()


@pytest.fixture(scope="module")
def first_check(exchange: Up) -> subprocess.CompletedProcess[str]:
    """A check right behind the commands; it waits until matching has answered them."""
    return run("check", "--json", folder=exchange.folder)


class TestARunningExchange:
    def test_it_says_what_to_look_at(self, exchange: Up) -> None:
        for text in (
            "tradeflow book BTCUSDT",
            "tradeflow tail trades",
            "tradeflow check",
            "/health",
            "/metrics",
            ".tradeflow/logs/",
            exchange.bootstrap,
        ):
            assert text in exchange.output

    def test_the_check_waits_for_the_stage_and_finds_all_in_order(
        self, first_check: subprocess.CompletedProcess[str]
    ) -> None:
        assert first_check.returncode == 0, first_check.stdout + first_check.stderr
        report = json.loads(first_check.stdout)
        assert report["holds"]
        assert report["invariants"]["I2"]["figures"]["records"] == _COMMANDS
        assert report["invariants"]["I2"]["figures"]["dead letters"] == 1
        assert report["invariants"]["I6"]["figures"]["table rows"] > 0
        assert set(report["state_hashes"]) >= {"BTCUSDT", "ETHUSDT", "LTCUSDT", "BNBBTC"}

    def test_the_next_check_goes_on_from_there(
        self, exchange: Up, first_check: subprocess.CompletedProcess[str]
    ) -> None:
        first = json.loads(first_check.stdout)

        again = json.loads(run("check", "--json", folder=exchange.folder).stdout)

        assert (first["commands"], again["commands"]) == (_COMMANDS, 0)
        # Each state has the time in it, which goes on.
        assert first["state_hashes"].keys() == again["state_hashes"].keys()
        # Rows come and go with the time: a wallet's own one, and ids of orders closed a day ago.
        assert _take_rows(again) > 0 < _take_rows(first)
        assert first["invariants"] == again["invariants"]
        went_on, unpaid = again["notes"]
        assert went_on == f"Went on from {_COMMANDS} commands checked before."
        assert unpaid.startswith("Unpaid: ")

    @pytest.mark.usefixtures("first_check")
    def test_the_book_once(self, exchange: Up) -> None:
        result = run("book", "BTCUSDT", "--once", "--levels", "3", folder=exchange.folder)

        assert result.returncode == 0, result.stderr
        assert "BTCUSDT" in result.stdout
        assert "spread" in result.stdout
        assert re.search(r"\d+\.\d\d +\d+\.\d{5} +\d+\.\d{5}", result.stdout)

    def test_an_unknown_symbol_is_one_line(self, exchange: Up) -> None:
        result = run("book", "NOCOIN", folder=exchange.folder)

        assert result.returncode == 1
        assert result.stderr.startswith("Error: There is no symbol 'NOCOIN'. There are: BTCUSDT,")

    def test_tail_gives_json_lines(self, exchange: Up) -> None:
        result = run(
            "tail", "orders.incoming", "--json", "--from", "beginning", "--count", str(_COMMANDS),
            folder=exchange.folder,
        )  # fmt: skip

        records = json_lines(result.stdout)
        assert len(records) == _COMMANDS
        assert sum(record["record"] is None for record in records) == 1
        assert {"topic", "partition", "offset", "timestamp", "headers", "key", "value"} <= set(
            records[0]
        )

    def test_tail_takes_the_last_ones_of_one_key(self, exchange: Up) -> None:
        result = run(
            "tail", "orders.incoming", "--json", "--from", "5", "--key", "ETHUSDT", "--once",
            folder=exchange.folder,
        )  # fmt: skip

        assert [record["key"] for record in json_lines(result.stdout)] == ["ETHUSDT"] * 5

    @pytest.mark.usefixtures("first_check")
    def test_tail_shows_dead_letters_for_people(self, exchange: Up) -> None:
        result = run("tail", "matching.dead-letters", "--once", folder=exchange.folder)

        assert "BAD_MAGIC at orders.incoming/" in result.stdout
        assert b"no record at all".hex() in result.stdout

    def test_a_topic_that_is_not_there_is_one_line(self, exchange: Up) -> None:
        result = run("tail", "no.such.topic", folder=exchange.folder)

        assert result.returncode == 1
        assert result.stderr.startswith("Error: There is no topic 'no.such.topic'.")

    def test_a_second_up_is_refused(self, exchange: Up) -> None:
        result = run("up", folder=exchange.folder)

        assert result.returncode == 1
        assert result.stderr == (
            f"Error: TradeFlow is up already (process {exchange.process.pid})."
            " Stop it with: tradeflow down\n"
        )
        assert exchange.process.poll() is None

    def test_a_killed_worker_is_started_again(self, exchange: Up) -> None:
        worker = exchange.recorded("matching-0")
        assert worker is not None
        worker.kill()

        await_condition(
            lambda: (new := exchange.recorded("matching-0")) and new.pid != worker.pid,
            "another process in the slot",
        )
        await_condition(
            lambda: "matching-0 ended unexpectedly and was started again" in exchange.output,
            "the notice",
        )

    def test_ctrl_c_ends_everything(self, exchange: Up) -> None:
        processes = exchange.all_processes()
        # up, supervisord, two matching workers, accounts, orders, marketdata, the clock, the broker
        assert len(processes) == 9

        assert exchange.end(signal.SIGINT) == 0

        assert are_gone(processes)
        assert exchange.output.endswith("Everything is ended; data is kept.\n")


def test_killed_recovered_falsified_and_ended_from_outside(folder: Path) -> None:
    killed = Up(folder).wait_until_up()
    left = killed.all_processes()
    killed.end(signal.SIGKILL)

    up = Up(folder).wait_until_up()
    assert "supervisord of an earlier run still runs" in up.output
    broker_pid = int(json.loads((folder / ".tradeflow/kafka/broker.pid").read_text())["pid"])
    assert are_gone([process for process in left if process.pid != broker_pid])
    record = json_lines(
        run("tail", ORDERS_EXECUTIONS.name, "--json", "--from", "1", "--once", folder=folder).stdout
    )[0]
    _write_again(up.bootstrap, record)
    check = run("check", folder=folder)
    assert check.returncode == 1
    assert "VIOLATED" in check.stdout
    assert f"{ORDERS_EXECUTIONS.name}/{record['partition']}/" in check.stdout

    processes = up.all_processes()
    down = run("down", folder=folder)
    assert down.returncode == 0, down.stderr
    assert down.stdout.endswith("Everything is ended; data is kept.\n")
    assert are_gone(processes)
    assert up.process.wait(10) == 0
    assert run("down", folder=folder).stdout == "TradeFlow is not up.\n"


def _write_again(bootstrap: str, record: dict[str, object]) -> None:
    """The execution report once more, as a stage without transactions would after a crash."""
    from schemas.codec import encode

    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    headers = record["headers"]
    assert isinstance(headers, dict)
    producer.produce(
        str(record["topic"]),
        encode("ExecutionReport", record["value"]),  # type: ignore[arg-type]
        str(record["key"]),
        partition=int(str(record["partition"])),
        headers={name: value.encode() for name, value in headers.items()},
    )
    assert producer.flush(30) == 0


class TestSettingsThatWillNotDo:
    """One line, an exit code, and nothing is left running."""

    def _refused(self, folder: Path, settings: dict[str, str]) -> str:
        result = run("up", "--no-flow", folder=folder, settings=settings)

        assert result.returncode != 0
        (line,) = result.stderr.splitlines()
        assert line.startswith("Error: ")
        state = folder / ".tradeflow"
        recorded = [*state.glob("supervisor/*.pid"), state / "kafka/broker.pid"]
        assert [file.name for file in recorded if RecordedProcess(file).find()] == []
        return line

    def test_another_number_of_partitions(self, folder: Path) -> None:
        line = self._refused(folder, {"TRADEFLOW_PARTITIONS": "5"})

        assert "has 2 partitions, but 5 are set" in line

    def test_a_broker_that_is_not_there(self, tmp_path: Path) -> None:
        line = self._refused(tmp_path, {"BROKER": "127.0.0.1:9"})

        assert "The broker at 127.0.0.1:9 (from BROKER) does not answer." in line

    def test_a_port_that_is_taken(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            line = self._refused(tmp_path, {"TRADEFLOW_BROKER_PORT": port})

        assert f"Port {port} on 127.0.0.1 is taken by another program." in line

    def test_a_folder_that_cannot_be_written_to(self, tmp_path: Path) -> None:
        file = tmp_path / "a-file"
        file.touch()

        line = self._refused(tmp_path, {"TRADEFLOW_UP_DIR": str(file)})

        assert f"{file} cannot be written to" in line

    def test_an_instrument_file_that_is_none(self, tmp_path: Path) -> None:
        file = tmp_path / "instruments.json"
        file.write_text("{")

        line = self._refused(tmp_path, {"TRADEFLOW_INSTRUMENTS": str(file)})

        assert "instruments.json" in line


def _take_rows(report: dict[str, Any]) -> int:
    """Take the number of table rows out of the report."""
    rows: int = report["invariants"]["I6"]["figures"].pop("table rows")
    return rows
