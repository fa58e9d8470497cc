"""Worker processes for tests: started, stopped, killed, stalled and waited for."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("echo_worker.py")
ROOT = Path(__file__).parents[3]


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> Any:
    """What ``condition()`` gives once it is true; AssertionError if that takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.01)


class Worker:
    """One worker process and its log."""

    def __init__(
        self, options: dict[str, Any], log: Path, *, program: Path = PROGRAM, **env: str
    ) -> None:
        self.log_file = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, str(program), json.dumps(options)],
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            )

    @property
    def log(self) -> str:
        """All that it logged."""
        return self.log_file.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def wait_for(self, pattern: str, *, times: int = 1, seconds: float = 30.0) -> str:
        """The last match of ``pattern`` in the log, once it has matched so many times."""

        def found() -> str | None:
            # Asked first: a line written just before the end is still seen.
            running = self.running
            matches = list(re.finditer(pattern, self.log))
            if len(matches) >= times:
                return matches[-1].group()
            assert running, f"ended with {self._process.returncode}:\n{self.log[-3000:]}"
            return None

        try:
            return str(wait_until(found, repr(pattern), seconds))
        except AssertionError as exc:
            raise AssertionError(f"{exc}\n{self.log[-3000:]}") from None

    def wait_ready(self, seconds: float = 30.0) -> None:
        """Return once partitions are assigned and restored."""
        self.wait_for(r"ready with \d+ partitions", seconds=seconds)

    def assigned(self) -> set[str]:
        """The assignment it logged last, as ``topic/partition``."""
        lines = re.findall(r"INFO assigned (.*)", self.log)
        return set(lines[-1].split(", ")) - {"nothing"} if lines else set()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def stop(self, seconds: float = 10.0) -> int:
        """Ask it to stop; its exit code."""
        self.signal(signal.SIGTERM)
        return self.exit_code(seconds)

    def exit_code(self, seconds: float = 30.0) -> int:
        """Its exit code, once it has ended."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s:\n{self.log[-3000:]}") from None

    def end(self) -> None:
        """Make sure that it is gone, whatever its state."""
        if self.running:
            self.kill()
