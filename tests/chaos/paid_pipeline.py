"""The whole pipeline, to be broken: a broker, the three stages, a clock, and funded accounts."""

import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from schemas.codec import encode
from schemas.instruments import load_instruments
from schemas.topics import (
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from tests.chaos.exchange import (
    INSTRUMENTS,
    PARTITIONS,
    WorkerProcess,
    await_condition,
    read_all,
)
from tests.chaos.paid_flow import PaidFlow
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.clock import Clock

INPUTS = {
    "orders": (ORDERS_COMMANDS.name, WALLET_EVENTS.name, ORDERS_EXECUTIONS.name),
    "accounts": (WALLET_COMMANDS.name,),
    "matching": (ORDERS_INCOMING.name,),
}
STAGES = tuple(INPUTS)
ACCOUNTS = tuple(f"trader-{number}" for number in range(10))


class PaidPipeline:
    """Feeds clients' commands to orders.commands, and tends the stages' workers."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder = folder
        self.instruments = load_instruments(INSTRUMENTS)
        self.flow = PaidFlow(self.instruments, ACCOUNTS, seed=seed)
        self.broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=folder / "kafka"))
        self.broker.start()
        self.workers: dict[str, WorkerProcess] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._producer = Producer(
            {
                "bootstrap.servers": self.broker.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 2,
                "log_level": 0,
            }
        )
        # They read the groups' offsets without being members.
        self._observers = {
            stage: Consumer(
                {"bootstrap.servers": self.broker.bootstrap, "group.id": stage, "log_level": 0}
            )
            for stage in STAGES
        }
        self._reader = Consumer(
            {
                "bootstrap.servers": self.broker.bootstrap,
                "group.id": "quiet",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
                "log_level": 0,
            }
        )
        self._stop_clock = Event()
        self._clock: Thread | None = None

    # --- what runs ------------------------------------------------------------------------------

    def start(self, stage: str, **environment: str) -> WorkerProcess:
        """Start the worker of a stage (again)."""
        settings = {
            "BROKER": self.broker.bootstrap,
            "TRADEFLOW_STATE_DIR": str(self.folder / "workers"),
            "TRADEFLOW_INSTRUMENTS": str(INSTRUMENTS),
            "TRADEFLOW_PARTITIONS": str(PARTITIONS),
            "TRADEFLOW_SESSION_TIMEOUT_MS": "6000",
            "TRADEFLOW_TRANSACTION_TIMEOUT_MS": "4000",
            "TRADEFLOW_ROUND_MAX_RECORDS": "50",
            "TRADEFLOW_WEB_PORT": "0",
            **environment,
        }
        log = self.folder / f"{stage}.log"
        worker = self.workers[stage] = WorkerProcess(0, settings, log, stage=stage)
        return worker

    def start_all(self, **environment: str) -> None:
        """Start every stage, wait until each is ready, and let time pass from then on."""
        for stage in STAGES:
            self.start(stage, **environment)
        for worker in self.workers.values():
            worker.await_said(r"ready with \d+ partitions")
        self.start_clock()

    def start_clock(self) -> None:
        """Ticks from now on."""
        self._stop_clock.clear()
        clock = Clock(self.broker.bootstrap, every_seconds=0.2)
        self._clock = Thread(target=clock.run, args=(self._stop_clock,))
        self._clock.start()

    def stop_clock(self) -> None:
        """No more ticks."""
        self._stop_clock.set()
        if self._clock is not None:
            self._clock.join()
            self._clock = None

    def tend(self) -> None:
        """Start again what a fault has ended, as a supervisor does."""
        for stage, worker in list(self.workers.items()):
            if worker.has_exited() and worker.process.returncode in (70, 71, 75):
                self.start(stage)

    def close(self) -> None:
        """End everything that was started."""
        self.stop_clock()
        for worker in self.workers.values():
            if not worker.has_exited():
                worker.kill()
        self._producer.purge()
        for observer in (*self._observers.values(), self._reader):
            observer.close()
        self.broker.stop()

    # --- what is sent ---------------------------------------------------------------------------

    def fund(self, units: int, accounts: Sequence[str] = ACCOUNTS) -> None:
        """Open accounts and give each so much of every asset."""
        assets = sorted(
            {
                a
                for rules in self.instruments.values()
                for a in (rules.base_asset, rules.quote_asset)
            }
        )
        for account in accounts:
            about = {"account_id": account, "time_ms": now_ms()}
            opening = {**about, "command_id": f"open-{account}"}
            self._produce(WALLET_COMMANDS.name, "WalletOpenAccountCommand", opening)
            for asset in assets:
                money = {"command_id": f"fund-{asset}", "asset": asset, "amount_units": units}
                self._produce(WALLET_COMMANDS.name, "WalletDepositCommand", {**about, **money})
        self.flush()

    def feed(self, count: int) -> None:
        """Send commands of clients."""
        for _ in range(count):
            self.send(*self.flow.next_command(now_ms()))
        self.flush()

    def send(self, name: str, command: dict[str, Any]) -> None:
        """Send one command of a client."""
        self.sent.append((name, command))
        self._produce(ORDERS_COMMANDS.name, name, command)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0

    def _produce(self, topic: str, name: str, command: dict[str, Any]) -> None:
        self._producer.produce(topic, encode(name, command), command["account_id"].encode())
        self._producer.poll(0)

    # --- how far it has come --------------------------------------------------------------------

    def end(self, topic: str) -> int:
        """Records, committed or not, and markers on a topic: only good to see progress."""
        observer = self._observers["orders"]
        partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
        try:
            return sum(observer.get_watermark_offsets(p, timeout=5)[1] for p in partitions)
        except KafkaException:
            return 0  # no such topic yet, or no broker

    def values(self, topic: str, behind: int) -> list[bytes]:
        """What is on a topic, once it has come further than ``behind`` (of ``end``)."""
        if self.end(topic) <= behind:
            return []
        return [message.value() for message in read_all(self.broker.bootstrap, topic)]

    def positions(self) -> list[tuple[str, int, int, int]] | None:
        """Of every input partition, where its group stands and where it ends."""
        found: list[tuple[str, int, int, int]] = []
        try:
            for stage, topics in INPUTS.items():
                observer = self._observers[stage]
                wanted = [TopicPartition(t, p) for t in topics for p in range(PARTITIONS)]
                for at in observer.committed(wanted, timeout=5):
                    first, end = observer.get_watermark_offsets(at, timeout=5)
                    found.append((at.topic, at.partition, max(at.offset, first), end))
        except KafkaException:
            return None
        return found

    def lag(self, stage: str) -> int:
        """How many records, marks of transactions included, a stage has still to take."""
        topics = INPUTS[stage]
        return sum(end - at for topic, _, at, end in self.positions() or () if topic in topics)

    def _has_records(self, topic: str, partition: int, start: int, end: int) -> bool:
        """Whether there is more than the marks of transactions from ``start`` on."""
        if start >= end:
            return False
        reader = self._reader
        reader.assign([TopicPartition(topic, partition, start)])
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            message = reader.poll(1)
            if message is not None and message.topic() == topic:
                return message.error() is None
        return True  # a transaction is open

    def settle(self, *, seconds: float = 90.0) -> None:
        """Wait until every stage has come to the end of every input: nothing is under way."""
        self.flush()
        self.stop_clock()

        def is_quiet() -> bool:
            self.tend()
            positions = self.positions()
            if positions is None or any(self._has_records(*each) for each in positions):
                return False
            # What one stage wrote while another was looked at would be seen now.
            return positions == self.positions()

        await_condition(is_quiet, "the end of every input", seconds=seconds)
        for stage, worker in self.workers.items():
            assert "POISONED" not in worker.log.read_text(), f"{stage}: {worker.log}"


def now_ms() -> int:
    return time.time_ns() // 1_000_000
