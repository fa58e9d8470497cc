"""A gateway process that is started again where it was: `python -m tests.web.keyless_gateway`.

It knows no keys, so it needs no database of them: for market data, which is open to all.  The real
command, with keys, is in ``gateway_command``.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import uvloop

from tests.chaos.exchange import await_condition
from tests.web.memory_keys import MemoryKeys
from tests.web.running_exchange import RunningExchange
from web.server import serve
from web.settings import GatewaySettings


class KeylessGateway:
    """On a port that stays the same, however often it is started."""

    def __init__(self, exchange: RunningExchange, **settings: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._environment = {
            "BROKER": exchange.broker.bootstrap,
            "TRADEFLOW_GATEWAY_PORT": str(self.port),
            **{f"TRADEFLOW_GATEWAY_{name.upper()}": str(value) for name, value in settings.items()},
        }
        if exchange.instruments_file is not None:
            self._environment["TRADEFLOW_INSTRUMENTS"] = str(exchange.instruments_file)
        self._log: Path = exchange.folder / f"gateway-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "KeylessGateway":
        self.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self.end(signal.SIGTERM)

    @property
    def resident_bytes(self) -> int:
        """Memory that it holds."""
        assert self._process is not None
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def start(self) -> None:
        """Start it (again), and return when it answers."""
        with self._log.open("ab") as log:
            begins_at = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.web.keyless_gateway"],
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=log,
            )
        await_condition(
            lambda: b"ready" in self._log.read_bytes()[begins_at:] or self._has_ended(),
            "the gateway to be ready",
        )
        assert not self._has_ended(), self._log.read_text()

    def end(self, number: int) -> None:
        """Signal it, and wait until it has ended."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(20)

    def _has_ended(self) -> bool:
        assert self._process is not None
        return self._process.poll() is not None


async def _serve() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(
        GatewaySettings(),
        MemoryKeys(),
        stop=stop,
        on_ready=lambda url: print(f"ready at {url}", flush=True),
    )


if __name__ == "__main__":
    uvloop.run(_serve())
