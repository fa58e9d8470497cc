"""What happened to the programs, in words."""

from pathlib import Path

import pytest

from tradeflow.supervision.alerts import Watch, last_critical
from tradeflow.supervision.settings import RunFolder
from tradeflow.supervision.supervisord import ProgramState

_CRITICAL = (
    "2026-01-02 03:04:05,678 CRITICAL streams.transport.worker: worker ends with code 76"
    " (POISONED): 5 faults in a row at orders.incoming/2/17. What to do: ALERT: repair"
    " the agent or the data."
)


_FINAL = {"matching-0": (0, 76, 78)}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.prepare()
    return folder


def test_an_end_for_good_is_one_alert_with_the_workers_own_words(folder: RunFolder) -> None:
    folder.log_of("matching-0").write_text(f"INFO before\n{_CRITICAL}\nTraceback\n")
    watch = Watch(folder, _FINAL)
    watch.look([ProgramState("matching-0", "RUNNING", 10, 0)])

    (notice,) = watch.look([ProgramState("matching-0", "EXITED", 0, 76)])

    assert notice.is_alert
    assert notice.text == (
        "matching-0 ended with exit code 76 (POISONED) and is not started again: worker ends with"
        " code 76 (POISONED): 5 faults in a row at orders.incoming/2/17. What to do: ALERT: repair"
        f" the agent or the data. (log: {folder.log_of('matching-0')})"
    )
    assert watch.look([ProgramState("matching-0", "EXITED", 0, 76)]) == []


def test_a_restart_is_a_notice_with_the_new_process(folder: RunFolder) -> None:
    watch = Watch(folder, _FINAL)
    watch.look([ProgramState("matching-0", "RUNNING", 10, 0)])

    (notice,) = watch.look([ProgramState("matching-0", "RUNNING", 11, 0)])

    assert not notice.is_alert
    assert "was started again as process 11" in notice.text


def test_a_restart_that_is_seen_half_way_is_the_same_notice(folder: RunFolder) -> None:
    watch = Watch(folder, _FINAL)
    watch.look([ProgramState("matching-0", "RUNNING", 10, 0)])

    assert watch.look([ProgramState("matching-0", "EXITED", 0, -1)]) == []
    assert watch.look([ProgramState("matching-0", "STARTING", 11, 0)]) != []
    assert watch.look([ProgramState("matching-0", "RUNNING", 11, 0)]) == []


def test_a_program_that_cannot_be_started_is_an_alert(folder: RunFolder) -> None:
    (notice,) = Watch(folder, _FINAL).look([ProgramState("matching-0", "FATAL", 0, 0)])

    assert notice.is_alert


def test_a_start_is_no_news(folder: RunFolder) -> None:
    watch = Watch(folder, _FINAL)

    assert watch.look([ProgramState("matching-0", "STARTING", 10, 0)]) == []
    assert watch.look([ProgramState("matching-0", "RUNNING", 10, 0)]) == []


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("Error: BROKER=x is not an address.\n", "BROKER=x is not an address."),
        ("│ No such command 'load'.   │\n╰────╯\n", "No such command 'load'."),
        ('{"level": "CRITICAL", "message": "no log"}\n{"level": "INFO"}\n{"leve\n', "no log"),
        ("", None),
    ],
)
def test_what_a_program_said_last(tmp_path: Path, log: str, words: str | None) -> None:
    file = tmp_path / "x.log"
    file.write_text(log)

    assert last_critical(file) == words


def test_a_log_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert last_critical(tmp_path / "nothing.log") is None
