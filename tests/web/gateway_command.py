"""Gateways as processes, and the command line beside them."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chaos.exchange import await_condition

_COMMAND = Path(sys.executable).with_name("tradeflow")
GATEWAY = (str(_COMMAND), "gateway")
PROBED = (sys.executable, "-m", "tests.web.probed_gateway")


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """This process's without TradeFlow's settings, and ``settings``; all is kept in ``folder``."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "BROKER" and not name.startswith("TRADEFLOW_")
    }
    defaults = {
        "TRADEFLOW_GATEWAY_PORT": "0",
        "TRADEFLOW_AUTH_STATE_DIR": str(folder / "gateway"),
        "COLUMNS": "160",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return kept | defaults | settings


class GatewayProcess:
    """One process; ``url`` is where it answers."""

    def __init__(self, folder: Path, *, command: Sequence[str] = GATEWAY, **settings: str) -> None:
        self.log = folder / "gateway.log"
        with self.log.open("ab") as log:
            self._begins_at = log.tell()
            self.process = subprocess.Popen(
                command,
                env=environment(folder, **settings),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        """What this process has logged."""
        return self.log.read_bytes()[self._begins_at :].decode(errors="replace")

    @property
    def url(self) -> str:
        """Its address, once it answers."""
        found = await_condition(self._ready, f"the gateway is ready: {self.said()}")
        return str(found[1])

    def _ready(self) -> re.Match[str] | None:
        assert self.process.poll() is None, self.said()
        return re.search(r"ready: (http://[\w.:-]+)", self.said())

    def end(self, number: int) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit code."""
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def close(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def tradeflow(
    *arguments: str, folder: Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [_COMMAND, *arguments],
        env=environment(folder, **(settings or {})),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
