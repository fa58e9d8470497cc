"""An exchange to be broken: a broker of its own, matching workers, and a twin that knows better.

One log goes through all tests of the folder.  A test feeds commands, breaks something while they
are worked on, and then asks ``verify``: every output, read committed and from the beginning, must
be what the slow reference exchange makes of the same commands, record by record.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from schemas.codec import EncodeError, decode, encoder
from schemas.instruments import load_instruments
from schemas.limits import find_fault
from schemas.topics import (
    MATCHING_DEAD_LETTERS,
    MESSAGE_BYTES_MAX,
    ORDERBOOK_UPDATES,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    TRADES,
    WALLET_COMMANDS,
)
from streams.domain.order import Order
from streams.domain.state_hash import state_hash
from streams.transport import ExitCode
from tests.chaos.settlements import verify_settlements
from tests.simulation.reference_exchange import ReferenceExchange
from tests.simulation.workload import Profile, Workload
from tests.streams.transport.gates import Gates
from tradeflow.broker import BrokerSettings, EmbeddedBroker

PARTITIONS = 4
INSTRUMENTS = Path(__file__).with_name("instruments.json")
OUTPUTS = (ORDERS_EXECUTIONS.name, TRADES.name, ORDERBOOK_UPDATES.name)
# Killed by a test, or stopped on request: nobody starts these again.
_ENDED_FOR_GOOD = (-signal.SIGKILL, ExitCode.CLEAN, ExitCode.POISONED, ExitCode.CONFIG)


def await_condition(
    condition: Callable[[], Any], what: str, *, seconds: float = 60.0, every: float = 0.05
) -> Any:
    """The first true value of ``condition``; fails with ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(every)


@dataclass
class WorkerProcess:
    """One worker of a stage in a process of its own."""

    slot: int
    environment: Mapping[str, str]
    log: Path
    module: str = "tradeflow"
    stage: str = "matching"
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        with self.log.open("ab") as log:
            self._begins_at = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, "worker", self.stage, "--slot", str(self.slot)],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )

    def has_said(self, pattern: str) -> bool:
        """Whether its log has it; those before it in this slot wrote to the same file."""
        said = self.log.read_bytes()[self._begins_at :].decode(errors="replace")
        return re.search(pattern, said) is not None

    def await_said(self, pattern: str) -> None:
        await_condition(lambda: self.has_said(pattern), f"{pattern!r} of worker {self.slot}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def has_exited(self) -> bool:
        return self.process.poll() is not None


class Exchange:
    """The broker, the workers and the twin of one module's tests."""

    def __init__(self, folder: Path, profile: Profile, *, seed: int) -> None:
        self.folder = folder
        self.instruments = load_instruments(INSTRUMENTS)
        self.twin = ReferenceExchange(self.instruments)
        self.workload = Workload(replace(profile, instruments=self.instruments), seed)
        self.broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=folder / "kafka"))
        self.broker.start()
        self.workers: dict[int, WorkerProcess] = {}
        self.expected: dict[str, dict[str, list[Any]]] = {t: defaultdict(list) for t in OUTPUTS}
        self.expected_letters = 0
        self.sent = 0
        self._seen: set[str] = set()
        self._encoders = {kind: encoder(kind) for kind in ORDERS_INCOMING.values}
        # Reads the group's offsets without being a member of it.
        self._observer = Consumer(
            {"bootstrap.servers": self.broker.bootstrap, "group.id": "matching", "log_level": 0}
        )
        self._producer = Producer(
            {
                "bootstrap.servers": self.broker.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 2,
                "message.max.bytes": MESSAGE_BYTES_MAX,
                "log_level": 0,
            }
        )

    # --- workers ---------------------------------------------------------------------------------

    def start_worker(
        self, slot: int = 0, *hooks: str, gates: Gates | None = None, **environment: str
    ) -> WorkerProcess:
        """Start the worker of a slot (again), if need be with hooks that look at gates."""
        settings = {
            "BROKER": self.broker.bootstrap,
            "TRADEFLOW_STATE_DIR": str(self.folder / "workers"),
            "TRADEFLOW_INSTRUMENTS": str(INSTRUMENTS),
            "TRADEFLOW_PARTITIONS": str(PARTITIONS),
            "TRADEFLOW_SESSION_TIMEOUT_MS": "4000",
            "TRADEFLOW_TRANSACTION_TIMEOUT_MS": "4000",
            "TRADEFLOW_ROUND_MAX_RECORDS": "200",
            "TRADEFLOW_WEB_PORT": "0",
            **environment,
        }
        module = "tradeflow"
        if gates is not None:
            settings |= {"ECHO_HOOKS": ",".join(hooks), "ECHO_GATES": str(gates.folder)}
            module = "tests.chaos.hooked_matching"
        if slot in self.workers:
            self.workers[slot].stop()  # what an earlier test left behind
        worker = WorkerProcess(slot, settings, self.folder / f"worker-{slot}.log", module)
        self.workers[slot] = worker
        return worker

    def tend(self) -> bool:
        """Start workers again that faults have ended, as a supervisor does; True if all is done."""
        for slot, worker in list(self.workers.items()):
            if worker.has_exited() and worker.process.returncode not in _ENDED_FOR_GOOD:
                self.start_worker(slot)
        return self.is_answered()

    def close(self) -> None:
        """End everything that was started."""
        for worker in self.workers.values():
            if not worker.has_exited():
                worker.kill()
        self._producer.purge()
        self._observer.close()
        self.broker.stop()

    # --- commands --------------------------------------------------------------------------------

    def feed(self, count: int) -> None:
        """Send ``count`` commands; the twin carries each out at once."""
        while count:
            kind, command = next(self.workload)
            if kind == "Tick" and len(self._seen) < len(self.instruments):
                continue  # a market exists from its first command on
            try:
                value = self._encoders[kind](command)
            except EncodeError:
                continue  # beyond 64 bits: it cannot be said at all
            if kind == "Tick":
                for partition in range(PARTITIONS):
                    self.send_raw(None, value, partition=partition)
            else:
                self._seen.add(command["symbol"])
                self.send_raw(command["symbol"], value)
            if find_fault(kind, command) is None:
                self.expect(kind, command)
            else:
                self.expected_letters += 1
            count -= 1

    def expect(self, kind: str, command: Mapping[str, Any]) -> None:
        """Let the twin do a command and note what must come out."""
        reports, trades, depth = self.twin.apply(kind, command)
        self.workload.observe(reports)
        for report in reports:
            self.expected[ORDERS_EXECUTIONS.name][report["symbol"]].append(report)
        for trade in trades:
            self.expected[TRADES.name][trade["symbol"]].append(trade)
        if depth is not None:
            self.expected[ORDERBOOK_UPDATES.name][depth["symbol"]].append(depth)

    def send_raw(
        self, key: str | None, value: bytes | None, *, partition: int = -1, headers: Any = None
    ) -> None:
        self._producer.produce(
            ORDERS_INCOMING.name, value, key, partition=partition, headers=headers
        )
        self.sent += 1
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0

    def end(self, topic: str) -> int:
        """Records, committed or not, and markers on a topic: only good to see progress."""
        partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
        try:
            return sum(self._observer.get_watermark_offsets(p, timeout=5)[1] for p in partitions)
        except KafkaException:
            return 0  # no such topic yet, or no broker

    def unanswered(self) -> int | None:
        """How many commands lie behind the group's committed offsets; None where nobody can say."""
        wanted = [TopicPartition(ORDERS_INCOMING.name, p) for p in range(PARTITIONS)]
        count = 0
        try:
            for at in self._observer.committed(wanted, timeout=5):
                first, end = self._observer.get_watermark_offsets(at, timeout=5)
                if at.error is not None:
                    return None
                count += end - max(at.offset, first)
        except KafkaException:
            return None  # the broker or its coordinator is not there yet
        return count

    def is_answered(self) -> bool:
        """Whether the group's committed offsets are at the inputs' ends."""
        return self.unanswered() == 0

    # --- verification ----------------------------------------------------------------------------

    def outputs(self, topic: str) -> list[Any]:
        """All messages of a topic, read committed, partition by partition in order."""
        return read_all(self.broker.bootstrap, topic)

    def verify(self) -> None:
        """Wait until the twin's outputs are there, then compare each of them."""
        self.flush()
        await_condition(self._is_done, f"all {self.sent} commands", seconds=90)
        assert [w for w in self.workers.values() if "POISONED" in w.log.read_text()] == []
        for topic in OUTPUTS:
            got = self._by_symbol(topic)
            for symbol, expected in self.expected[topic].items():
                assert got[symbol] == expected, f"{topic} {symbol}: {_first(got[symbol], expected)}"
            assert set(got) == {s for s, records in self.expected[topic].items() if records}
        reports = self.expected[ORDERS_EXECUTIONS.name].values()
        told = self.outputs(WALLET_COMMANDS.name)
        verify_settlements(self.instruments, chain.from_iterable(reports), told)
        letters = self.outputs(MATCHING_DEAD_LETTERS.name)
        assert len(letters) == self.expected_letters
        self._verify_state()

    def _is_done(self) -> bool:
        alive = [slot for slot, worker in self.workers.items() if not worker.has_exited()]
        assert alive or self.is_answered(), f"no worker runs; see {self.folder}/worker-*.log"
        return self.is_answered()

    def _by_symbol(self, topic: str) -> dict[str, list[Any]]:
        records: dict[str, list[Any]] = defaultdict(list)
        for message in self.outputs(topic):
            kind, record = decode(message.value())
            if kind != "Tick":
                records[record["symbol"]].append(record)
        if topic == ORDERS_EXECUTIONS.name:
            for symbol, reports in records.items():
                # Keyed by account: a symbol's reports lie on several partitions.
                reports.sort(key=lambda report: report["execution_id"])
                if symbol not in self.instruments:
                    order = {r["command_id"]: i for i, r in enumerate(self._expected_of(symbol))}
                    reports.sort(key=lambda report: order.get(report["command_id"], -1))
        return records

    def _expected_of(self, symbol: str) -> list[Any]:
        return self.expected[ORDERS_EXECUTIONS.name][symbol]

    def _verify_state(self) -> None:
        """The rows that the changelogs hold have the twin's state hash."""
        rows = self._changelog("book")
        for symbol in self._seen & set(self.instruments):
            mine = {kind: [r for r in rows[kind] if r["symbol"] == symbol] for kind in rows}
            orders = [Order.from_row(row).to_row() for row in mine["OrderRow"]]
            closed = mine["ClosedOrderRow"]
            (state,) = mine["SymbolRow"]
            assert state_hash(state, orders, closed) == self.twin.state_hash(symbol), symbol

    def _changelog(self, table: str) -> dict[str, list[Any]]:
        """A table's rows by the name of their record."""
        rows: dict[bytes, bytes | None] = {}
        for message in self.outputs(f"matching-{table}-changelog"):
            rows[message.key()] = message.value()
        by_kind: dict[str, list[Any]] = {"OrderRow": [], "ClosedOrderRow": [], "SymbolRow": []}
        for value in rows.values():
            if value is not None:
                kind, row = decode(value)
                by_kind[kind].append(row)
        return by_kind


def read_all(bootstrap: str, topic: str) -> list[Any]:
    """Every committed message of a topic, once none of its transactions is open any more."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "verify",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 10,
        }
    )
    try:
        ends = _ends(bootstrap, topic)
        consumer.assign([TopicPartition(topic, p, 0) for p in ends])
        messages: list[Any] = []
        deadline = time.monotonic() + 60
        while ends:
            assert time.monotonic() < deadline, f"{topic}: the ends were not reached: {ends}"
            message = consumer.poll(1)
            if message is None:
                continue
            if message.error() is None:
                messages.append(message)
            elif message.offset() >= ends.get(message.partition(), 0):
                ends.pop(message.partition(), None)
        return messages
    finally:
        consumer.close()


def _ends(bootstrap: str, topic: str) -> dict[int, int]:
    """Where a topic's partitions end; a reader of what is committed would be told where the
    first open transaction begins instead.
    """
    asking = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "verify",
            "isolation.level": "read_uncommitted",
        }
    )

    def ends() -> dict[int, int] | None:
        # A topic that was just made has no leader for a moment.
        with contextlib.suppress(KafkaException):
            partitions = asking.list_topics(topic, timeout=10).topics[topic].partitions
            return {
                p: asking.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1]
                for p in partitions
            }
        return None

    try:
        found: dict[int, int] = {}
        await_condition(lambda: found.update(ends() or {}) or found, f"the ends of {topic}")
        return {p: end for p, end in found.items() if end}
    finally:
        asking.close()


def _first(got: list[Any], expected: list[Any]) -> str:
    for number, (mine, theirs) in enumerate(zip(got, expected, strict=False)):
        if mine != theirs:
            return f"record {number}: {json.dumps(mine)} instead of {json.dumps(theirs)}"
    return f"{len(got)} records instead of {len(expected)}"
