"""A gateway beside a benchmark's broker, and programs that say where they listen."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.gateway_process import READY
from bench.kafka import await_true
from bench.process import Program

_WAIT_SECONDS = 120


@contextmanager
def running_gateway(
    bootstrap: str, folder: Path, instruments: Path, **settings: str
) -> Iterator[Program]:
    """One that has read the log; ``said(gateway, READY)`` is its address."""
    command = [sys.executable, "-m", "bench.gateway_process"]
    told = {"BROKER": bootstrap, "TRADEFLOW_INSTRUMENTS": str(instruments), **settings}
    with Program(command, told=told, log=folder / "gateway.log") as gateway:
        said(gateway, READY)
        yield gateway


def said(program: Program, begins: str) -> str:
    """What a program has printed behind these words, once it has."""

    def has_said() -> bool:
        program.require_alive()
        return begins in program.log_text()

    await_true(has_said, f"«{begins.strip()}»", seconds=_WAIT_SECONDS)
    return program.log_text().partition(begins)[2].partition("\n")[0]
