"""Connectors as processes, for tests that kill them."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.connectors.feeding import eventually

ROOT = Path(__file__).parents[2]


class ConnectorProcess:
    """``tradeflow connect <store>``, started with these environment variables."""

    def __init__(self, store: str, log: Path, *options: str, **env: str) -> None:
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tradeflow", "connect", store, *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, **env},
            )

    @property
    def log(self) -> str:
        """All that it has said."""
        return self._log.read_text(errors="replace")

    def health(self, path: str = "/health") -> tuple[int, dict[str, Any]]:
        """Status and content of its health page."""
        status, text = self.page(path)
        return status, json.loads(text)

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        eventually(lambda: "health and metrics: " in self.log, f"it listens: {self.log}")
        found = re.search(r"health and metrics: (http://\S+)/health\n", self.log)
        assert found is not None, self.log
        try:
            with urllib.request.urlopen(found[1] + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def stall(self) -> None:
        """Stop it where it is, as a machine that swaps or a debugger would."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def terminate(self, seconds: float = 60, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self._process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds: float = 60) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait(seconds)

    def __enter__(self) -> "ConnectorProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
