"""A client in a process of its own: it gets what `tradeflow env` prints, and tells what it saw."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.web.memory_keys import key_of
from tests.web.other_clients.client_environment import ClientEnvironment
from tests.web.running_exchange import RunningGateway

_DRIVERS = Path(__file__).with_name("drivers")


class DrivenClient:
    """One client, for one account of the gateway; ``folder`` is for its files."""

    def __init__(
        self,
        name: str,
        environment: ClientEnvironment,
        gateway: RunningGateway,
        account_id: str,
        folder: Path,
    ) -> None:
        self.name = name
        self.environment = environment
        self.folder = folder
        self.account_id = account_id
        self._gateway = gateway
        self._key = key_of(account_id)

    def snippet(self) -> str:
        """What the command prints for this client, the gateway and the account's key."""
        command = [sys.executable, "-m", "tradeflow", "env", self.name]
        command += ["--url", self._gateway.url, "--key", self._key.key]
        environment = {**os.environ, "TRADEFLOW_SECRET": self._key.secret}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    def drive(self, *, seconds: float = 120) -> dict[str, Any]:
        """Run the driver of the client's name, and return what it tells."""
        script = _DRIVERS / f"drive_{self.name.replace('-', '_')}.py"
        pasted, told = self.folder / "pasted.py", self.folder / "told.json"
        pasted.write_text(self.snippet())
        command = [str(self.environment.python), str(script), str(pasted), str(told)]
        # Shown where the test fails.
        print(self._run(command, seconds=seconds))
        seen: dict[str, Any] = json.loads(told.read_text())
        return seen

    def _run(self, command: list[str], *, seconds: float) -> str:
        """Run a command in the client's folder until it ends; what it printed."""
        log = self.folder / f"{self.name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                # With what it has started itself.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise AssertionError(f"{self.name} took too long:\n{log.read_text()}") from None
        assert code == 0, f"{self.name} ended with {code}:\n{log.read_text()}"
        return log.read_text()
