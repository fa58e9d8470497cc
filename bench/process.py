"""A program that a benchmark starts, watches and ends, by its process id."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from schemas.topics import DEFAULT_KEYED_PARTITIONS
from tradeflow.errors import TradeflowError

_ROOT = Path(__file__).parents[1]
_STOP_SECONDS = 15
ROUND_MAX_RECORDS = 2_000


class Program:
    """A child process with its log; ended when the block ends."""

    def __init__(self, command: Sequence[str], *, told: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._name = " ".join(command[1:])
        self.started = time.time()
        settings = {k: v for k, v in os.environ.items() if not k.startswith("TRADEFLOW_")}
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        with log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                command,
                env=settings | {"PYTHONPATH": path} | dict(told),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C is for the benchmark, which then ends its programs itself.
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def resident_bytes(self) -> int:
        """Memory that the process holds."""
        return int(psutil.Process(self._process.pid).memory_info().rss)

    @property
    def cpu_seconds(self) -> float:
        """What the process has taken of the processors."""
        return cpu_seconds(self._process.pid)

    def require_alive(self) -> None:
        """Raise with the end of its log if it has ended by itself."""
        code = self._process.poll()
        if code is not None:
            raise TradeflowError(f"{self._name} ended with code {code}:\n{self.log_end()}")

    def log_text(self) -> str:
        """What it has logged, without what was in the file before."""
        return self.log.read_bytes()[self._log_start :].decode(errors="replace")

    def log_end(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log_text().splitlines()[-15:])

    def kill(self) -> None:
        """SIGKILL: as a crash."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to what does not heed it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


def cpu_seconds(pid: int) -> float:
    """What a process has taken of the processors, in seconds of one of them."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def matching_worker(
    bootstrap: str, folder: Path, instruments: Path, *, profile: str = "low-latency"
) -> Program:
    """The real thing: ``tradeflow worker matching``, slot 0."""
    return stage_worker("matching", bootstrap, folder, instruments, profile=profile)


def stage_worker(
    stage: str, bootstrap: str, folder: Path, instruments: Path, *, profile: str = "low-latency"
) -> Program:
    """``tradeflow worker STAGE``, slot 0."""
    return Program(
        [sys.executable, "-m", "tradeflow", "worker", stage],
        told={
            "BROKER": bootstrap,
            "TRADEFLOW_STATE_DIR": str(folder / "workers"),
            "TRADEFLOW_INSTRUMENTS": str(instruments),
            "TRADEFLOW_PROFILE": profile,
            "TRADEFLOW_WEB_PORT": "0",
        },
        log=folder / f"{stage}-{profile}.log",
    )


def rival(
    name: str,
    bootstrap: str,
    folder: Path,
    instruments: Path,
    *,
    source: str,
    group: str,
    profile: str = "low-latency",
    python: str = sys.executable,
) -> Program:
    """A program of ``bench.rivals`` that reads the topic ``source``."""
    return Program(
        [python, "-m", f"bench.rivals.{name}"],
        told={
            "BROKER": bootstrap,
            "BENCH_INPUT": source,
            "BENCH_GROUP": group,
            "BENCH_FOLDER": str(folder),
            "TRADEFLOW_INSTRUMENTS": str(instruments),
            "TRADEFLOW_PARTITIONS": str(DEFAULT_KEYED_PARTITIONS),
            "TRADEFLOW_ROUND_MAX_RECORDS": str(ROUND_MAX_RECORDS),
            "TRADEFLOW_PROFILE": profile,
        },
        log=folder / "log",
    )
