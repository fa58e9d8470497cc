"""What changed among the supervised programs, in words for the operator."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from streams.transport.errors import ExitCode
from tradeflow.supervision.settings import RunFolder
from tradeflow.supervision.supervisord import ProgramState

_TAIL_BYTES = 256 * 1024
_FRAME = "│╭╮╰╯─ "
# Where a log line begins with its time and its level, both go.
_CRITICAL = re.compile(r"^(?:\S+ \S+ )?CRITICAL\s+(?:[\w.]+: )?(?P<said>.*)$")
_ERROR = re.compile(r"^Error: (?P<said>.*)$")


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the operator; an alert needs somebody to act."""

    text: str
    is_alert: bool


class Watch:
    """Compares what supervisord says with what it said before.

    ``final_codes`` are, for each program, the exit codes after which it is not started again: with
    any other one a program that has just exited is about to be.
    """

    def __init__(self, folder: RunFolder, final_codes: Mapping[str, Collection[int]]) -> None:
        self._folder = folder
        self._final_codes = final_codes
        self._pids: dict[str, int] = {}
        self._ended_for_good: set[str] = set()

    def look(self, states: Iterable[ProgramState]) -> list[Notice]:
        """What happened since the last look."""
        notices = []
        for state in states:
            name, pid = state.name, state.pid
            if self.is_final(state):
                if name not in self._ended_for_good:
                    notices.append(Notice(self._ended(state), is_alert=True))
                self._ended_for_good.add(name)
            elif pid:
                if self._pids.get(name, pid) != pid and name not in self._ended_for_good:
                    notices.append(Notice(self._restarted(state), is_alert=False))
                self._pids[name] = pid
                self._ended_for_good.discard(name)
        return notices

    def is_final(self, state: ProgramState) -> bool:
        """Whether the program has ended and is not started again."""
        return state.state == "FATAL" or (
            state.state == "EXITED" and state.exit_code in self._final_codes.get(state.name, ())
        )

    def _ended(self, state: ProgramState) -> str:
        log = self._folder.log_of(state.name)
        said = last_critical(log) or "it said nothing"
        return (
            f"{state.name} ended with {_code(state.exit_code)} and is not started again: {said}"
            f" (log: {log})"
        )

    def _restarted(self, state: ProgramState) -> str:
        log = self._folder.log_of(state.name)
        return (
            f"{state.name} ended unexpectedly and was started again as process {state.pid}"
            f" (log: {log})"
        )


def _code(exit_code: int) -> str:
    try:
        return f"exit code {exit_code} ({ExitCode(exit_code).name})"
    except ValueError:
        return f"exit code {exit_code}"


def last_critical(log: Path) -> str | None:
    """What a program said when it ended: its last CRITICAL or error line, else its last line."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        if match := _CRITICAL.match(line) or _ERROR.match(line):
            return match["said"].strip()
        if said := _critical_json(line):
            return said
    # Without the frames that a usage error comes in.
    texts = [text for line in lines if (text := line.strip(_FRAME))]
    return texts[-1] if texts else None


def _critical_json(line: str) -> str | None:
    """What a line of JSON says, if it is a critical one."""
    if not line.startswith("{"):
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return str(said["message"]) if said.get("level") == "CRITICAL" else None
