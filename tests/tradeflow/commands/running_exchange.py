"""`tradeflow up` as a person runs it, in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Producer

from schemas.codec import encoder
from schemas.topics import ORDERS_INCOMING
from tests.tradeflow.checking.made_log import JUNK, workload
from tradeflow.recorded_process import RecordedProcess

_COMMAND = Path(sys.executable).with_name("tradeflow")
_SECONDS = 90.0
CHEAPER = ("TRADEFLOW_CACHE_DIR", "TRADEFLOW_BROKER_JAVA_OPTIONS")
"""What commands may know of this process's settings: it only spares time."""


def await_condition(condition: Callable[[], Any], what: str, *, seconds: float = _SECONDS) -> Any:
    """The first true value of ``condition``."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)
    return value


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what could choose a broker, and free ports."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "BROKER" and not name.startswith("TRADEFLOW_")
    }
    shared = {name: os.environ[name] for name in CHEAPER if name in os.environ}
    settings = {"TRADEFLOW_BROKER_PORT": "0", "TRADEFLOW_BROKER_HEAP": "256m"}
    # Each transaction costs the broker a marker in each partition that it touches.
    settings["TRADEFLOW_PARTITIONS"] = "2"
    # Stages alone, unless a test asks for more; and then at ports of its own.
    settings |= {"TRADEFLOW_UP_STORES": "none", "TRADEFLOW_UP_GATEWAY": "false"}
    for server in ("GATEWAY", "MYSQL_SERVER", "EMBEDDED_REDIS", "EMBEDDED_MONGODB"):
        settings[f"TRADEFLOW_{server}_PORT"] = "0"
    return kept | shared | settings | {"COLUMNS": "160"} | changes


def run(
    *arguments: str, folder: Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [_COMMAND, *arguments],
        cwd=folder,
        env=environment(**(settings or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@dataclass
class Up:
    """A `tradeflow up` in the background."""

    folder: Path
    arguments: tuple[str, ...] = ("--no-flow",)
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self._output = self.folder / f"up-{time.monotonic_ns()}.txt"
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [_COMMAND, "up", *self.arguments],
                cwd=self.folder,
                env=environment(PYTHONUNBUFFERED="1", **self.settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_until_up(self) -> "Up":
        def is_up() -> bool:
            assert self.process.poll() is None, self.output
            return "TradeFlow is up" in self.output and "╯" in self.output

        try:
            await_condition(is_up, "tradeflow up")
        except AssertionError:
            self.end()
            raise AssertionError(self.output) from None
        return self

    @property
    def bootstrap(self) -> str:
        return (self.folder / ".tradeflow/kafka/broker.address").read_text().strip()

    def recorded(self, name: str) -> psutil.Process | None:
        """The supervised process of this name, if it lives."""
        return RecordedProcess(self.folder / ".tradeflow/supervisor" / f"{name}.pid").find()

    def all_processes(self) -> list[psutil.Process]:
        """All that it has started."""
        names = [file.stem for file in (self.folder / ".tradeflow/supervisor").glob("*.pid")]
        broker = RecordedProcess(self.folder / ".tradeflow/kafka/broker.pid").find()
        found = [*(self.recorded(name) for name in names), broker]
        return [process for process in found if process is not None]

    def feed(self, count: int, *, seed: int) -> None:
        """Send unpaid commands as a plain producer does, and one record that is none."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random", "log_level": 0}
        )
        commands = workload(seed=seed)
        for kind, command in (next(commands) for _ in range(count - 1)):
            for order in (command, command.get("place", {})):
                if "hold_id" in order:
                    order["hold_id"] = ""  # nobody pays: these go past the orders stage
            producer.produce(ORDERS_INCOMING.name, encoder(kind)(command), command["symbol"])
        producer.produce(ORDERS_INCOMING.name, JUNK, "BTCUSDT")
        assert producer.flush(30) == 0

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it and wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)


def are_gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them lives."""
    return not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes
    )


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
