"""A recorded process is found again, and never mistaken for another."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradeflow.recorded_process import RecordedProcess

# Says that it listens to signals no more, then waits for one that it cannot ignore.
_STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True);signal.pause()"
)


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", _STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def _no_kill_expected() -> None:
    pytest.fail("nothing had to be killed")


def test_a_process_is_found_by_whoever_reads_its_pid_file(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    RecordedProcess(pid_file).record(os.getpid())

    found = RecordedProcess(pid_file).find()
    assert found is not None
    assert found.pid == os.getpid()


def test_a_process_with_a_recycled_id_is_not_touched(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    # This very process: a stop that took it for its own would end the test run.
    pid_file.write_text(json.dumps({"pid": os.getpid(), "started": 1.0}))
    recorded = RecordedProcess(pid_file)

    assert recorded.find() is None
    recorded.terminate(timeout_seconds=1, on_kill=_no_kill_expected)
    assert not pid_file.exists()


@pytest.mark.parametrize("content", ["", "123", "{}", '{"pid": "x", "started": 1}', "\x00"])
def test_a_damaged_pid_file_counts_as_none(content: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(content)

    assert RecordedProcess(pid_file).find() is None


def test_a_process_that_does_not_end_in_time_is_killed(
    tmp_path: Path, stubborn: subprocess.Popen[bytes]
) -> None:
    recorded = RecordedProcess(tmp_path / "pid")
    recorded.record(stubborn.pid)
    said: list[str] = []

    recorded.terminate(timeout_seconds=0.1, on_kill=lambda: said.append("killed"))

    assert said == ["killed"]
    assert recorded.find() is None
