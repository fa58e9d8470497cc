"""Becomes a supervised program, after a pause if that has ended again and again.

supervisord knows two ways to restart: at once, by the exit code; or with a pause, but then for
whatever ends within its first seconds, whatever the exit code says, and a few times only.  A
worker needs the exit codes *and* the pause *and* no limit.  So supervisord restarts at once and by
the exit code, and the pause is here, in front of the program.

The process id stays the same, so it is recorded here too: nobody else knows it in time.

    python -m tradeflow.supervision.launch FOLDER NAME DIRECTORY [SETTING=value ...] --
        PROGRAM ARGUMENT ...
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import NoReturn

PAUSES_SECONDS = (0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Before the first start, the second, and so on; the last one from then on."""

CALM_SECONDS = 60.0
"""Who ran for so long begins anew: the next restart is at once again."""


class Pace:
    """When a program was started, kept in a file beside its process id."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def next_pause(self, now: float) -> float:
        """The pause before the start that is due now; it counts as made."""
        starts, last = self._read()
        # The last start may lie ahead: its pause was cut short, or the clock was set back.
        if abs(now - last) >= CALM_SECONDS:
            starts = 0
        pause = PAUSES_SECONDS[min(starts, len(PAUSES_SECONDS) - 1)]
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps({"starts": starts + 1, "last": now + pause}))
        fresh.replace(self._file)
        return pause

    def forget(self) -> None:
        """Begin anew."""
        self._file.unlink(missing_ok=True)

    def _read(self) -> tuple[int, float]:
        try:
            kept = json.loads(self._file.read_text())
            return int(kept["starts"]), float(kept["last"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, 0.0


def pace_of(folder: Path, name: str) -> Pace:
    """The pace of the program with this name."""
    return Pace(folder / f"{name}.starts")


def main(arguments: list[str]) -> NoReturn:
    """Wait if need be, then become the program."""
    from tradeflow.recorded_process import RecordedProcess

    split = arguments.index("--")
    folder, name, directory, *settings = arguments[:split]
    program = arguments[split + 1 :]
    RecordedProcess(Path(folder) / f"{name}.pid").record(os.getpid())
    pause = pace_of(Path(folder), name).next_pause(time.time())
    if pause:
        print(
            f"{name} has ended more than once within a minute: next start in {pause:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        time.sleep(pause)
    for setting in settings:
        variable, _, value = setting.partition("=")
        os.environ[variable] = value
    os.chdir(directory)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
