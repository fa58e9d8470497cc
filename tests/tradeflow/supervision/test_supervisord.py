"""A real supervisord with small programs: who is started again, and in which order all end."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tradeflow.supervision.leftovers import end_leftovers
from tradeflow.supervision.programs import NEVER_AGAIN, Program, stage_worker
from tradeflow.supervision.settings import RunFolder
from tradeflow.supervision.supervisord import Supervisord

_STAY = "import time; time.sleep(600)"
_NAMED = """\
import signal, sys, time
def end(*_):
    open(sys.argv[2], "a").write(sys.argv[1] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("armed", flush=True)
time.sleep(600)
"""


def _program(name: str, code: str, *, priority: int = 100) -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-c", code),
        final_codes=NEVER_AGAIN,
        starts_at_once=True,
        stop_seconds=5,
        priority=priority,
        settings={"PERCENT": "100%"},
    )


def await_condition(condition: Callable[[], Any], what: str, *, seconds: float = 30.0) -> Any:
    """The first true value of ``condition``."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)
    return value


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[RunFolder]:
    # A percent sign means something to supervisord, a deep folder is too much for a socket's name.
    folder = RunFolder(tmp_path / "a 50% share" / ("deep" * 20))
    folder.prepare()
    yield folder
    end_leftovers(folder, lambda _: None)


def test_crashes_are_started_again_and_final_exit_codes_are_not(folder: RunFolder) -> None:
    supervisord = Supervisord(folder)
    programs = [
        *(_program(f"matching-{code}", f"raise SystemExit({code})") for code in (0, 70, 76, 78)),
        _program("matching-9", "import os; os.kill(os.getpid(), 9)"),
    ]
    supervisord.start(programs, settings={})

    def starts() -> dict[str, str]:
        return {file.stem: file.read_text() for file in folder.state.glob("*.starts")}

    def has_settled() -> bool:
        again = [starts().get(f"matching-{code}", "") for code in (70, 9)]
        states = {state.name: state for state in supervisord.states()}
        final = [states[f"matching-{code}"].state == "EXITED" for code in (0, 76, 78)]
        return all('"starts": 3' in each for each in again) and all(final)

    await_condition(has_settled, "two restarts")
    for code in (0, 76, 78):
        assert '"starts": 1' in starts()[f"matching-{code}"]
    codes = {state.name: state.exit_code for state in supervisord.states()}
    assert (codes["matching-76"], codes["matching-78"]) == (76, 78)
    supervisord.stop(timeout_seconds=10)
    assert not supervisord.is_running()


def test_the_flow_ends_before_the_workers(folder: RunFolder) -> None:
    script = folder.home / "named.py"
    script.write_text(_NAMED)
    order = folder.home / "order"

    def program(name: str, priority: int) -> Program:
        # As in the exchange: what starts at once is one group, which stops together.
        return replace(
            _program(name, "", priority=priority),
            command=(sys.executable, str(script), name, str(order)),
            starts_at_once=name != "flow",
        )

    supervisord = Supervisord(folder)
    supervisord.start([program("matching-0", 100), program("flow", 200)], settings={})
    supervisord.start_program("flow")
    for name in ("matching-0", "flow"):
        log = folder.log_of(name)
        await_condition(lambda log=log: log.exists() and "armed" in log.read_text(), "the programs")

    supervisord.stop(timeout_seconds=20)

    assert order.read_text().split() == ["flow", "matching-0"]


def test_what_a_killed_supervisord_left_is_found_and_ended(folder: RunFolder) -> None:
    supervisord = Supervisord(folder)
    supervisord.start([_program("matching-0", _STAY)], settings={})
    worker = await_condition(lambda: folder.process("matching-0").find(), "the worker")
    folder.process("supervisord").kill()
    said: list[str] = []

    assert end_leftovers(folder, said.append)

    assert not psutil.pid_exists(worker.pid) or worker.status() == psutil.STATUS_ZOMBIE
    assert said == [f"matching-0 of an earlier run still runs (process {worker.pid}): it is ended."]
    assert not end_leftovers(folder, said.append)
    supervisord.stop(timeout_seconds=1)


def test_a_worker_is_this_interpreters_and_knows_its_address() -> None:
    program = stage_worker("matching", 3, host="127.0.0.1", port=1234)

    assert program.name == "matching-3"
    assert program.command[0] == sys.executable
    assert program.command[-2:] == ("--slot", "3")
    assert program.settings["TRADEFLOW_WEB_PORT"] == "1234"
