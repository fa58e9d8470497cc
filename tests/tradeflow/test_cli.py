"""The command line as a newcomer meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tradeflow import __version__

_COMMAND = Path(sys.executable).with_name("tradeflow")
# Each of these costs more time to import than all of `tradeflow --help` may take.
_HEAVY = {
    "faust",
    "confluent_kafka",
    "pydantic",
    "fastavro",
    "jgo",
    "mysql",
    "pymongo",
    "starlette",
}


def _output_of(*arguments: str) -> str:
    return subprocess.run(
        [_COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_help_says_what_it_is_and_what_it_can_do() -> None:
    text = _output_of("--help")

    assert "An exchange in a box" in text
    assert "Start, stop and look at the local Kafka broker." in text


def test_version_is_the_package_version() -> None:
    assert _output_of("-v") == _output_of("--version") == f"tradeflow {__version__}\n"


def test_the_command_line_starts_light() -> None:
    assert _HEAVY.isdisjoint(_loaded_with("tradeflow.cli"))


@pytest.mark.parametrize(
    "module", ["command_desk", "event_reader", "topic_tail", "supervision.exchange", "views"]
)
def test_commands_that_run_no_stage_load_no_faust(module: str) -> None:
    assert "faust" not in _loaded_with(f"tradeflow.{module}")


def _loaded_with(module: str) -> set[str]:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    return set(json.loads(run.stdout))
