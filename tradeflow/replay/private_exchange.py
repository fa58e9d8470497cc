"""An exchange for one run: a broker, a worker of each stage and the clock, gone with the run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from streams.app import ACCOUNTS, MATCHING, ORDERS
from streams.settings import StreamsSettings
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess
from tradeflow.supervision.alerts import last_critical
from tradeflow.supervision.topics import make_topics

_STOP_SECONDS = 10.0
_PREFIX = "run-"
_OWNER = "owner.pid"
_STARTED = "started-"
"""Begins the names of the files that say which processes belong to a run."""

_PROGRAMS = {
    **{f"{stage} worker": ("worker", stage) for stage in (ACCOUNTS, ORDERS, MATCHING)},
    # Orders have their recorded times, which matching's are.
    "clock": ("clock", "--no-matching"),
}


class PrivateExchange:
    """A running exchange that nobody else knows of."""

    def __init__(self, bootstrap: str, home: Path) -> None:
        self.bootstrap = bootstrap
        self._home = home
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, settings: StreamsSettings) -> None:
        """Start the workers and the clock; they are ready some seconds later."""
        for name, arguments in _PROGRAMS.items():
            process = _start(arguments, settings, self._log(name))
            self._processes[name] = process
            RecordedProcess(self._home / f"{_STARTED}{name.replace(' ', '-')}.pid").record(
                process.pid
            )

    def look_after(self) -> None:
        """Raise TradeflowError if one of them ended."""
        for name, process in self._processes.items():
            code = process.poll()
            if code is not None:
                said = last_critical(self._log(name)) or "it said nothing of why"
                raise TradeflowError(f"The {name} ended with exit code {code}: {said}.")

    def end(self) -> None:
        """End them, all at the same time."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            _await_end(process)

    def _log(self, name: str) -> Path:
        return self._home / f"{name.replace(' ', '-')}.log"


@contextmanager
def private_exchange(folder: Path, instruments: str) -> Iterator[PrivateExchange]:
    """Start a broker on a free port and the stages, with their data below ``folder``.

    ``instruments`` is the text of their instruments file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    end_leftovers(folder)
    home = Path(mkdtemp(prefix=_PREFIX, dir=folder)).absolute()
    RecordedProcess(home / _OWNER).record(os.getpid())
    rules = home / "instruments.json"
    rules.write_text(instruments)
    broker = _broker(home)
    exchange: PrivateExchange | None = None
    try:
        broker.start()
        settings = StreamsSettings(
            broker=broker.bootstrap, state_dir=home / "workers", instruments=rules
        )
        make_topics(settings)
        exchange = PrivateExchange(broker.bootstrap, home)
        exchange.start(settings)
        yield exchange
    finally:
        if exchange is not None:
            exchange.end()
        broker.stop()
        shutil.rmtree(home, ignore_errors=True)


def end_leftovers(folder: Path) -> None:
    """End what runs left behind that were killed: their brokers, stages and data."""
    for home in folder.glob(f"{_PREFIX}*"):
        if (home / _OWNER).exists() and RecordedProcess(home / _OWNER).find() is None:
            for started in home.glob(f"{_STARTED}*.pid"):
                process = RecordedProcess(started)
                process.terminate(timeout_seconds=_STOP_SECONDS, on_kill=_nothing)
            _broker(home).stop()
            shutil.rmtree(home, ignore_errors=True)


def _broker(home: Path) -> EmbeddedBroker:
    return EmbeddedBroker(BrokerSettings(port=0, controller_port=0, data_dir=home / "kafka"))


def _nothing() -> None:
    """Nobody watches."""


def _start(
    arguments: Sequence[str], settings: StreamsSettings, log: Path
) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "BROKER": settings.broker,
        "TRADEFLOW_STATE_DIR": str(settings.state_dir),
        "TRADEFLOW_INSTRUMENTS": str(settings.instruments),
        "TRADEFLOW_PARTITIONS": str(settings.partitions),
        "TRADEFLOW_WEB_PORT": "0",
    }
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tradeflow", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the command; it then ends what it started itself.
            start_new_session=True,
        )


def _await_end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
