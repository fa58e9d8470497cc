"""An exchange for one run: a broker and a matching worker, gone when the run ends."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from streams.settings import StreamsSettings
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess
from tradeflow.supervision.alerts import last_critical
from tradeflow.supervision.exchange import make_topics

_STOP_SECONDS = 10.0
_PREFIX = "run-"
_OWNER = "owner.pid"
_WORKER = "worker.pid"


class PrivateExchange:
    """A running exchange that nobody else knows of."""

    def __init__(self, bootstrap: str, worker: "subprocess.Popen[bytes]", worker_log: Path) -> None:
        self.bootstrap = bootstrap
        self._worker = worker
        self._worker_log = worker_log

    def look_after(self, _run: object) -> None:
        """Raise TradeflowError if the worker ended."""
        code = self._worker.poll()
        if code is not None:
            said = last_critical(self._worker_log) or "it said nothing of why"
            raise TradeflowError(f"The matching worker ended with exit code {code}: {said}.")


@contextmanager
def private_exchange(folder: Path, instruments: str) -> Iterator[PrivateExchange]:
    """Start a broker on a free port and a worker, with their data below ``folder``.

    ``instruments`` is the text of their instruments file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    end_leftovers(folder)
    home = Path(mkdtemp(prefix=_PREFIX, dir=folder)).absolute()
    RecordedProcess(home / _OWNER).record(os.getpid())
    rules = home / "instruments.json"
    rules.write_text(instruments)
    broker = _broker(home)
    worker: subprocess.Popen[bytes] | None = None
    try:
        broker.start()
        settings = StreamsSettings(
            broker=broker.bootstrap, state_dir=home / "workers", instruments=rules
        )
        make_topics(settings)
        worker = _start_worker(settings, home / "worker.log")
        RecordedProcess(home / _WORKER).record(worker.pid)
        yield PrivateExchange(broker.bootstrap, worker, home / "worker.log")
    finally:
        if worker is not None:
            _stop(worker)
        broker.stop()
        shutil.rmtree(home, ignore_errors=True)


def end_leftovers(folder: Path) -> None:
    """End what runs left behind that were killed: their brokers, workers and data."""
    for home in folder.glob(f"{_PREFIX}*"):
        if (home / _OWNER).exists() and RecordedProcess(home / _OWNER).find() is None:
            worker = RecordedProcess(home / _WORKER)
            worker.terminate(timeout_seconds=_STOP_SECONDS, on_kill=_nothing)
            _broker(home).stop()
            shutil.rmtree(home, ignore_errors=True)


def _broker(home: Path) -> EmbeddedBroker:
    return EmbeddedBroker(BrokerSettings(port=0, controller_port=0, data_dir=home / "kafka"))


def _nothing() -> None:
    """Nobody watches."""


def _start_worker(settings: StreamsSettings, log: Path) -> "subprocess.Popen[bytes]":
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
            [sys.executable, "-m", "tradeflow", "worker", "matching"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the command; it then ends the worker itself.
            start_new_session=True,
        )


def _stop(worker: "subprocess.Popen[bytes]") -> None:
    worker.terminate()
    try:
        worker.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
