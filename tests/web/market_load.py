"""Orders that move the market while a test looks on: `tradeflow load` in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.web.running_exchange import RunningExchange


class MarketLoad:
    """So many commands a second on all symbols, from the block's beginning to its end."""

    def __init__(
        self, exchange: RunningExchange, *, rate: int, symbols: str = "", open_orders: int = 60
    ) -> None:
        self._exchange = exchange
        self._options = ["--rate", str(rate), "--accounts", "5", "--quiet"]
        self._options += ["--open-orders", str(open_orders)]
        if symbols:
            self._options += ["--symbols", symbols]

    def __enter__(self) -> Self:
        log = Path(self._exchange.folder / "load.log")
        environment = {**os.environ, "BROKER": self._exchange.broker.bootstrap}
        if self._exchange.instruments_file is not None:
            environment["TRADEFLOW_INSTRUMENTS"] = str(self._exchange.instruments_file)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tradeflow", "load", *self._options],
                env=environment,
                stdout=output,
                stderr=output,
            )
        return self

    def __exit__(self, *_about: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more, and wait until what was sent is answered."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
