"""`tradeflow broker` as a person runs it: the installed command, in a folder of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.kafka import TestBroker

_COMMAND = Path(sys.executable).with_name("tradeflow")
# Somewhere to look for programs where there are none: no Java, no Maven.
_NOWHERE = "/nonexistent"


@pytest.fixture
def environment() -> dict[str, str]:
    """This process's environment without what could choose or help the broker."""
    hidden = ("BROKER", "JAVA_HOME", "MAVEN_HOME", "M2_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"PATH": _NOWHERE, "TRADEFLOW_BROKER_PORT": "0"}


@pytest.fixture
def folder(tmp_path: Path, environment: dict[str, str]) -> Iterator[Path]:
    """Where the command runs; what it left running there is stopped."""
    yield tmp_path
    _run("stop", folder=tmp_path, environment=environment)


def _run(
    *arguments: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_COMMAND, "broker", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def _the_one_error_line(result: subprocess.CompletedProcess[str]) -> str:
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


def test_start_status_stop_on_a_machine_without_java(
    folder: Path, environment: dict[str, str]
) -> None:
    before = _run("status", folder=folder, environment=environment)
    assert (before.returncode, before.stdout) == (
        3,
        "The broker does not run. Start it with: tradeflow broker start\n",
    )

    first = _run("start", folder=folder, environment=environment)
    assert first.returncode == 0, first.stderr
    assert "The broker is up at 127.0.0.1:" in first.stdout
    assert "Next: tradeflow up." in first.stdout

    again = _run("start", folder=folder, environment=environment)
    assert again.returncode == 0
    assert "The broker runs already at 127.0.0.1:" in again.stdout

    during = _run("status", folder=folder, environment=environment)
    assert during.returncode == 0
    assert "The broker runs at 127.0.0.1:" in during.stdout

    stopped = _run("stop", folder=folder, environment=environment)
    assert "The broker is stopped" in stopped.stdout
    after = _run("status", folder=folder, environment=environment)
    assert after.returncode == 3


def test_a_broker_in_the_foreground_ends_with_the_command(
    folder: Path, environment: dict[str, str]
) -> None:
    with subprocess.Popen(
        [_COMMAND, "broker", "start", "--foreground"],
        cwd=folder,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        assert "is up at" in command.stdout.readline()
        assert command.stdout.readline() == "Press Ctrl-C to stop it.\n"
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=60) == 0

    assert _run("status", folder=folder, environment=environment).returncode == 3


def test_a_broker_named_by_the_environment_is_used_and_nothing_is_started(
    broker: TestBroker, folder: Path, environment: dict[str, str]
) -> None:
    environment["BROKER"] = broker.bootstrap

    started = _run("start", folder=folder, environment=environment)
    stopped = _run("stop", folder=folder, environment=environment)
    status = _run("status", folder=folder, environment=environment)

    assert f"the broker at {broker.bootstrap} is used" in started.stdout
    assert "Nothing was started." in started.stdout
    assert "not ours to stop" in stopped.stdout
    assert (started.returncode, stopped.returncode, status.returncode) == (0, 0, 0)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("command", ["start", "status"])
def test_an_unreachable_broker_named_by_the_environment_is_one_clear_line(
    command: str, folder: Path, environment: dict[str, str]
) -> None:
    environment["BROKER"] = "127.0.0.1:9"

    result = _run(command, folder=folder, environment=environment)

    assert result.returncode == 1
    assert _the_one_error_line(result) == (
        "Error: The broker at 127.0.0.1:9 (from BROKER) does not answer."
        " Start it, correct BROKER, or unset BROKER to use the embedded broker."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "70000"), ("HEAP", "plenty"), ("START_TIMEOUT_SECONDS", "0")],
)
def test_a_setting_that_will_not_do_is_named(
    name: str, value: str, folder: Path, environment: dict[str, str]
) -> None:
    variable = f"TRADEFLOW_BROKER_{name}"

    result = _run("start", folder=folder, environment=environment | {variable: value})

    assert result.returncode == 1
    assert _the_one_error_line(result).startswith(f"Error: {variable}={value} will not do: ")
