"""Restarts get slower, and calm makes them quick again."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tradeflow.recorded_process import RecordedProcess
from tradeflow.supervision.launch import CALM_SECONDS, PAUSES_SECONDS, Pace


def test_the_first_restart_is_at_once_and_later_ones_wait_longer_and_longer(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "worker.starts")

    pauses = [pace.next_pause(1_000.0 + number) for number in range(len(PAUSES_SECONDS) + 2)]

    assert pauses == [*PAUSES_SECONDS, PAUSES_SECONDS[-1], PAUSES_SECONDS[-1]]


def test_who_ran_calmly_begins_anew(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "worker.starts")
    for _ in range(4):
        pace.next_pause(1_000.0)

    assert pace.next_pause(1_001.0 + CALM_SECONDS + PAUSES_SECONDS[3]) == 0.0


def test_a_clock_set_back_or_a_broken_file_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "worker.starts"
    pace = Pace(file)
    for _ in range(4):
        pace.next_pause(1_000.0)
    assert pace.next_pause(10.0) == 0.0

    file.write_text("not json")
    assert pace.next_pause(10.0) == 0.0


def test_the_program_is_recorded_and_gets_its_settings(tmp_path: Path) -> None:
    say = "import os, json; print(json.dumps([os.getpid(), os.environ['COLOR'], os.getcwd()]))"
    launch = [sys.executable, "-m", "tradeflow.supervision.launch", str(tmp_path), "painter", "/"]

    with subprocess.Popen(
        [*launch, "COLOR=a=b", "--", sys.executable, "-c", say], stdout=subprocess.PIPE
    ) as process:
        output, _ = process.communicate(timeout=30)

    assert json.loads(output) == [process.pid, "a=b", "/"]
    recorded = json.loads((tmp_path / "painter.pid").read_text())
    assert recorded["pid"] == process.pid
    assert RecordedProcess(tmp_path / "painter.pid").find() is None
    assert os.getpid() != process.pid
