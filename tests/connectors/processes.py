"""Connectors as processes, for tests that kill them."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from connectors.event import Event, Place
from tests.connectors.feeding import Written, eventually, produce
from tests.fixtures.exchange_topics import ExchangeTopics

ROOT = Path(__file__).parents[2]


class ConnectorProcess:
    """``tradeflow connect <store>``, started with these environment variables."""

    def __init__(self, store: str, log: Path, *options: str, **env: str) -> None:
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tradeflow", "connect", store, *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, **env},
            )

    @property
    def log(self) -> str:
        """All that it has said."""
        return self._log.read_text(errors="replace")

    def health(self, path: str = "/health") -> tuple[int, dict[str, Any]]:
        """Status and content of its health page."""
        status, text = self.page(path)
        return status, json.loads(text)

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        eventually(lambda: "health and metrics: " in self.log, f"it listens: {self.log}")
        found = re.search(r"health and metrics: (http://\S+)/health\n", self.log)
        assert found is not None, self.log
        try:
            with urllib.request.urlopen(found[1] + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, name: str) -> float:
        """A metric without labels of its own, as its page says."""
        found = re.search(
            rf"^tradeflow_connector_{name}{{.*}} (\S+)$", self.page("/metrics")[1], re.M
        )
        assert found is not None, name
        return float(found[1])

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def stall(self) -> None:
        """Stop it where it is, as a machine that swaps or a debugger would."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def terminate(self, seconds: float = 60, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self._process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds: float = 60) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait(seconds)

    def __enter__(self) -> "ConnectorProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class FedStore(Protocol):
    """A store of one test, as a connector process feeds it."""

    name: str
    topics: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """The settings by which a connector finds it."""

    def positions(self) -> dict[Place, int]:
        """How far it has each partition; nothing while it does not answer."""

    def content(self) -> Mapping[str, Sequence[Any]]:
        """All that is in it but positions."""

    def damage(self) -> None:
        """Take away something that a rebuild has to bring back."""

    def require_agreement(self, events: Sequence[Event]) -> None:
        """Fail unless it holds what a slow reference makes of the log."""


class Connectors:
    """Connectors into one store, one after the other or at the same time."""

    def __init__(self, topics: ExchangeTopics, store: FedStore, folder: Path) -> None:
        self.topics = topics
        self.store = store
        self._folder = folder
        self._started: list[ConnectorProcess] = []
        self._environment = {
            "BROKER": topics.bootstrap,
            "TRADEFLOW_CONNECT_BATCH_RECORDS": "40",
            "TRADEFLOW_CONNECT_SESSION_TIMEOUT_MS": "3000",
            "TRADEFLOW_CONNECT_BREAKER_RESET_SECONDS": "0.5",
            "TRADEFLOW_CONNECT_RETRY_MAX_SECONDS": "0.3",
            **store.environment(),
        }

    def start(self, *options: str) -> ConnectorProcess:
        """The next one."""
        log = self._folder / f"connector-{len(self._started)}.log"
        connector = ConnectorProcess(self.store.name, log, *options, **self._environment)
        self._started.append(connector)
        return connector

    def run_to_the_end(self) -> None:
        """One that writes what there is and is asked to end."""
        with self.start() as connector:
            self.await_end(connector)
            assert connector.terminate() == 0

    def write(self, records: Sequence[Written]) -> None:
        """Write these to the topics, as the stages do."""
        produce(self.topics.bootstrap, records, transactions_of=60)

    def stored(self) -> int:
        """How many records the store has, as its positions say."""
        return sum(self.store.positions().values())

    def await_more(self, than: int, count: int) -> int:
        """Wait until so many more records are stored; how many there are."""
        eventually(lambda: self.stored() >= than + count, f"{count} more: {self._said()}")
        return self.stored()

    def await_stored(self) -> None:
        """Wait until everything is stored."""
        ends = {event.place: event.offset + 1 for event in self.topics.events(self.store.topics)}

        def is_there() -> bool:
            there = self.store.positions()
            return all(there.get(place, 0) >= end for place, end in ends.items())

        eventually(is_there, f"all is stored: {self._said()}", seconds=120)

    def await_end(self, connector: ConnectorProcess) -> None:
        """Wait until everything is stored, and the connector knows it."""
        self.await_stored()
        eventually(
            lambda: connector.health()[1]["ready"] and connector.health()[1]["lag"] == 0,
            f"it has no lag: {self._said()}",
        )

    def reset_offsets(self) -> None:
        """Set the group's offsets to the beginning."""
        self.topics.reset_offsets(f"connect-{self.store.name}", self.store.topics)

    def require_agreement(self) -> None:
        """Fail unless the store holds what a slow reference makes of the log."""
        self.store.require_agreement(self.topics.events(self.store.topics))

    def _said(self) -> str:
        return self._started[-1].log[-3_000:]
