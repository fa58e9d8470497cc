"""A background process that is found again later, and never mistaken for another one.

A process id alone is not enough: after a crash it may belong to anybody. The pid file therefore
keeps the time at which the process started, too, and both must match.
"""

import contextlib
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil

_POLL_SECONDS = 0.02


class RecordedProcess:
    """A process known by its pid file; any program that reads the file can stop it."""

    def __init__(self, pid_file: Path) -> None:
        self._pid_file = pid_file

    def record(self, pid: int) -> None:
        """Write the pid file for a process that was just started."""
        started = _start_time(psutil.Process(pid))
        fresh = self._pid_file.with_suffix(".new")
        fresh.write_text(json.dumps({"pid": pid, "started": started}))
        fresh.replace(self._pid_file)

    def forget(self) -> None:
        """Remove the pid file."""
        self._pid_file.unlink(missing_ok=True)

    def find(self) -> psutil.Process | None:
        """The recorded process if it lives; None if it ended or the file is missing or stale."""
        try:
            recorded = json.loads(self._pid_file.read_text())
            process = psutil.Process(int(recorded["pid"]))
            is_the_same = _start_time(process) == recorded["started"]
            has_ended = _has_ended(process)
        except (OSError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
            return None
        return process if is_the_same and not has_ended else None

    def terminate(self, *, timeout_seconds: float, on_kill: Callable[[], None]) -> None:
        """Ask the process to end and wait until it has; no process is fine.

        One that still runs after `timeout_seconds` is killed, after a call of `on_kill`.
        """
        self._signal(signal.SIGTERM)
        if not self._wait_for_end(timeout_seconds):
            on_kill()
            self.kill()
        self.forget()

    def kill(self) -> None:
        """End the process at once, as a crash would: the pid file stays behind."""
        self._signal(signal.SIGKILL)
        while not self._wait_for_end(timeout_seconds=60):
            pass

    def _signal(self, number: int) -> None:
        process = self.find()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _wait_for_end(self, timeout_seconds: float) -> bool:
        deadline = time.monotonic() + timeout_seconds
        while self.find() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def _has_ended(process: psutil.Process) -> bool:
    # A parent that never waits leaves a zombie. One that has threads left still holds its files.
    return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1


def _start_time(process: psutil.Process) -> float:
    # psutil's start time moves when the clock is set; the kernel's ticks since boot do not.
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text()
    except FileNotFoundError:
        return process.create_time()
    # The name in brackets may hold spaces; the start time is the 20th field behind it.
    return float(stat.rpartition(")")[2].split()[19])
