"""An environment for one client: what it needs need not go with what we need, nor with others'."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3] / ".venv-clients"
"""Kept from run to run; `make clean` removes it."""


class ClientEnvironment:
    """A virtual environment with some requirements in it, installed once.

    ``alone`` is one more, which is installed without what it asks for itself.
    """

    def __init__(self, name: str, *requirements: str, alone: str = "") -> None:
        self._folder = _ROOT / name
        self._requirements = requirements
        self._alone = alone
        # Written last, so an interrupted installation is done again.
        self._stamp = self._folder / ".installed"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self._folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where what was installed lies."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self._folder / "lib" / version / "site-packages"

    def install(self, **environment: str) -> None:
        """Install what is not there; the variables are for the installation alone."""
        wanted = "\n".join([*self._requirements, self._alone])
        if self._stamp.exists() and self._stamp.read_text() == wanted:
            return
        self._stamp.unlink(missing_ok=True)
        _run([sys.executable, "-m", "venv", "--clear", str(self._folder)])
        variables = (f"{name}={value}" for name, value in environment.items())
        install = ["env", *variables, str(self.python), "-m", "pip", "install", "--quiet"]
        _run([*install, *self._requirements])
        if self._alone:
            _run([*install, "--no-deps", self._alone])
        self._stamp.write_text(wanted)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
