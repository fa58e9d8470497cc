"""A whole exchange for the gateway's tests: broker, stages, clock, and funded accounts."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self
from uuid import uuid4

from confluent_kafka import Producer

from schemas.codec import encode
from schemas.instruments import Instrument, assets_of, load_instruments
from schemas.topics import WALLET_COMMANDS
from streams.transport.errors import ExitCode
from tests.chaos.exchange import WorkerProcess, await_condition
from tests.web.memory_keys import MemoryKeys
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.clock import Clock
from web.clock import now_ms
from web.server import serve
from web.settings import GatewaySettings

STAGES = ("orders", "accounts", "matching", "marketdata")
PARTITIONS = 2
"""Each transaction costs the broker a marker in each partition that it touches."""
_STARTED_AGAIN = frozenset({ExitCode.FENCED, ExitCode.BROKER})
_PAUSE_SECONDS = 1.0


class RunningExchange:
    """Broker, one worker a stage, and a clock; ``open_account`` gives money."""

    def __init__(self, folder: Path, *, instruments: Path | None = None) -> None:
        self.folder = folder
        self.instruments_file = instruments
        self.instruments: dict[str, Instrument] = load_instruments(instruments)
        self.broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=folder / "kafka"))
        self.broker.start()
        self.workers: dict[str, WorkerProcess] = {}
        self._stopping = Event()
        self._threads: list[Thread] = []
        self._producer = Producer(
            {
                "bootstrap.servers": self.broker.bootstrap,
                "partitioner": "murmur2_random",
                "log_level": 0,
            }
        )

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_about: object) -> None:
        self.close()

    def start(self) -> None:
        """Start every stage, wait until each is ready, and let time pass from then on.

        A worker that the broker has failed is started again, as a supervisor does it.
        """
        for stage in STAGES:
            self.start_stage(stage)
        for worker in self.workers.values():
            worker.await_said(r"ready with \d+ partitions")
        clock = Clock(self.broker.bootstrap, every_seconds=1.0)
        self._threads = [
            Thread(target=clock.run, args=(self._stopping,)),
            Thread(target=self._supervise),
        ]
        for thread in self._threads:
            thread.start()

    def start_stage(self, stage: str, **environment: str) -> WorkerProcess:
        """Start the worker of a stage (again)."""
        settings = {
            "BROKER": self.broker.bootstrap,
            "TRADEFLOW_STATE_DIR": str(self.folder / "workers"),
            "TRADEFLOW_PARTITIONS": str(PARTITIONS),
            "TRADEFLOW_WEB_PORT": "0",
            **environment,
        }
        if self.instruments_file is not None:
            settings["TRADEFLOW_INSTRUMENTS"] = str(self.instruments_file)
        worker = WorkerProcess(0, settings, self.folder / f"{stage}.log", stage=stage)
        self.workers[stage] = worker
        return worker

    def open_account(self, account_id: str, *, units: int, assets: Sequence[str] = ()) -> None:
        """Open an account and give it so many minor units of each asset (all, if none is named)."""
        about = {"account_id": account_id, "time_ms": now_ms()}
        opening = {**about, "command_id": f"open-{account_id}"}
        self._produce("WalletOpenAccountCommand", opening)
        for asset in assets or sorted(assets_of(self.instruments)):
            money = {"command_id": f"fund-{asset}", "asset": asset, "amount_units": units}
            self._produce("WalletDepositCommand", {**about, **money})
        assert self._producer.flush(30) == 0

    def set_account_status(self, account_id: str, status: str) -> None:
        """Lock, unlock or close an account."""
        about = {"account_id": account_id, "time_ms": now_ms()}
        command = {**about, "command_id": f"{status}-{uuid4()}", "status": status}
        self._produce("WalletSetStatusCommand", command)
        assert self._producer.flush(30) == 0

    def close(self) -> None:
        """End everything that was started."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        for worker in self.workers.values():
            if not worker.has_exited():
                worker.kill()
        self._producer.purge()
        self.broker.stop()

    def _supervise(self) -> None:
        while not self._stopping.wait(_PAUSE_SECONDS):
            for stage, worker in list(self.workers.items()):
                if worker.process.poll() in _STARTED_AGAIN:
                    self.start_stage(stage)

    def _produce(self, name: str, command: dict[str, Any]) -> None:
        key = command["account_id"].encode()
        self._producer.produce(WALLET_COMMANDS.name, encode(name, command), key)
        self._producer.poll(0)


class RunningGateway:
    """A gateway on a thread of this process; its keys are ``keys``."""

    def __init__(
        self, exchange: RunningExchange, *, reply_seconds: float = 60.0, **settings: Any
    ) -> None:
        # No reply is late because the machine is busy.
        settings["reply_seconds"] = reply_seconds
        self.keys = MemoryKeys()
        self.settings = GatewaySettings(
            broker=exchange.broker.bootstrap,
            instruments=exchange.instruments_file,
            port=0,
            **settings,
        )
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="gateway")

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_about: object) -> None:
        self.close()

    @property
    def address(self) -> str:
        """host:port."""
        return self.url.removeprefix("http://")

    def start(self) -> Self:
        """Start it, and return when it answers."""
        self._thread.start()
        await_condition(lambda: bool(self.url) or self._failed is not None, "the gateway is up")
        if self._failed is not None:
            raise self._failed
        return self

    def close(self) -> None:
        """Stop it and wait for its end."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(
                serve(self.settings, self.keys, stop=self._stop, on_ready=self._on_ready)
            )
        except BaseException as error:
            self._failed = error

    def _on_ready(self, url: str) -> None:
        self.url = url
