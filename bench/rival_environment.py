"""Environments that rivals run in, each its own: they want other versions than TradeFlow."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tradeflow.errors import TradeflowError


def rival_python(name: str, folder: Path, requirements: Path, say: Callable[[str], None]) -> Path:
    """The Python of an environment with a rival's packages, which is made if it is not there.

    Raises:
        TradeflowError: it could not be made.
    """
    python = (folder / "bin" / "python").absolute()
    stamp = folder / ".installed"
    if not stamp.exists():
        say(f"installing {name} into {folder} (once; takes a minute)")
        _run(name, [sys.executable, "-m", "venv", str(folder)])
        install = ["-m", "pip", "install", "--quiet", "--requirement", str(requirements)]
        _run(name, [str(python), *install])
        stamp.touch()
    return python


def _run(name: str, command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise TradeflowError(
            f"{name} could not be installed: {last}.",
            remedy="Name the benchmarks to run without it: tradeflow bench domain codec hop.",
        )
