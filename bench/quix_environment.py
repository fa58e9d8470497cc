"""The environment that Quix Streams runs in: it wants an older confluent-kafka than TradeFlow."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tradeflow.errors import TradeflowError

ENVIRONMENT = Path(".venv-quix")
REQUIREMENTS = Path(__file__).with_name("requirements-quix.txt")


def quix_python(say: Callable[[str], None]) -> Path:
    """The Python of that environment, which is made here if it is not there."""
    python = (ENVIRONMENT / "bin" / "python").absolute()
    stamp = ENVIRONMENT / ".installed"
    if not stamp.exists():
        say(f"installing Quix Streams into {ENVIRONMENT} (once; takes a minute)")
        _run([sys.executable, "-m", "venv", str(ENVIRONMENT)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)])
        stamp.touch()
    return python


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise TradeflowError(
            f"Quix Streams could not be installed: {last}.",
            remedy="Name the benchmarks to run without it: tradeflow bench domain codec hop.",
        )
