"""An exchange for one run: a broker and a matching worker, gone when the run ends."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from schemas.instruments import DEFAULT_FILE
from streams.settings import StreamsSettings
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.errors import TradeflowError
from tradeflow.supervision.alerts import last_critical
from tradeflow.supervision.exchange import make_topics

_STOP_SECONDS = 10.0
# A recording has levels below the least notional, far from the market and by the thousand.
_FILTERS_OFF: dict[str, Any] = {
    "min_notional": "0",
    "max_notional": "0",
    "bid_multiplier_up": "0",
    "bid_multiplier_down": "0",
    "ask_multiplier_up": "0",
    "ask_multiplier_down": "0",
    "max_num_orders": 0,
    "max_quantity": "0",
    "market_max_quantity": "0",
}


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


def write_instruments(path: Path, symbol: str, source: Path | None = None) -> None:
    """An instruments file for replays: the symbol's grid as it is, its filters off.

    Raises:
        TradeflowError: the source (the default set, where none is given) has no such symbol.
    """
    entries = json.loads((source or DEFAULT_FILE).read_text())
    found = [entry for entry in entries if entry["symbol"] == symbol]
    if not found:
        raise TradeflowError(
            f"There is no instrument {symbol}.",
            remedy="Name a file that has it in TRADEFLOW_INSTRUMENTS.",
        )
    path.write_text(json.dumps([{**found[0], **_FILTERS_OFF}], indent=2))


@contextmanager
def private_exchange(folder: Path, instruments: Path) -> Iterator[PrivateExchange]:
    """Start a broker on a free port and a worker, with their data below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(mkdtemp(prefix="run-", dir=folder)).absolute()
    broker = EmbeddedBroker(BrokerSettings(port=0, controller_port=0, data_dir=home / "kafka"))
    worker: subprocess.Popen[bytes] | None = None
    try:
        broker.start()
        settings = StreamsSettings(
            broker=broker.bootstrap, state_dir=home / "workers", instruments=instruments
        )
        make_topics(settings)
        worker = _start_worker(settings, home / "worker.log")
        yield PrivateExchange(broker.bootstrap, worker, home / "worker.log")
    finally:
        if worker is not None:
            _stop(worker)
        broker.stop()
        shutil.rmtree(home, ignore_errors=True)


def _start_worker(settings: StreamsSettings, log: Path) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "BROKER": settings.broker,
        "TRADEFLOW_STATE_DIR": str(settings.state_dir),
        "TRADEFLOW_INSTRUMENTS": str((settings.instruments or DEFAULT_FILE).absolute()),
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
