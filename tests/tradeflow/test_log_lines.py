"""Log lines as JSON: one line each, whatever is said."""

import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradeflow.log_lines import JsonLines


def record(message: str, *arguments: object, error: BaseException | None = None) -> object:
    about = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("a.b", logging.WARNING, "f.py", 1, message, arguments, about)
    made.created = 1_760_000_000.25
    return json.loads(JsonLines(lambda: {"correlation_id": "c-1"}).format(made))


def test_says_when_who_what_and_for_whom() -> None:
    assert record("%s went away", "Redis") == {
        "time": "2025-10-09T08:53:20.250Z",
        "level": "WARNING",
        "logger": "a.b",
        "message": "Redis went away",
        "correlation_id": "c-1",
    }


def test_says_what_was_raised() -> None:
    try:
        raise ValueError("why")
    except ValueError as error:
        line = record("it failed", error=error)

    assert isinstance(line, dict)
    assert line["exception"].splitlines()[-1] == "ValueError: why"


@given(st.text())
def test_is_one_line(message: str) -> None:
    made = logging.LogRecord("a", logging.INFO, "f.py", 1, "%s", (message,), None)

    line = JsonLines().format(made)

    assert len(line.split("\n")) == 1
    assert json.loads(line)["message"] == message


@pytest.mark.parametrize(
    ("form", "said"),
    [("json", '"level": "INFO"'), ("text", " INFO     root: up"), ("xml", "it is json or text")],
)
def test_the_environment_chooses(form: str, said: str) -> None:
    script = (
        "import logging\nfrom tradeflow.commands.worker import configure_logging\n"
        "configure_logging()\nlogging.info('up')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={"TRADEFLOW_LOG_FORMAT": form},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said in ended.stderr
