"""A matching worker that is killed and comes back: what ``restore`` and ``history`` share."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import OFFSET_END, TopicPartition

from bench.flow import Command, Flow
from bench.hop import Hop, producer_at_once
from bench.kafka import PARTITIONS, BenchBroker
from bench.process import Program, matching_worker
from bench.run import Run
from schemas.topics import ORDERS_EXECUTIONS, ORDERS_INCOMING
from tradeflow.errors import TradeflowError

SETTLE_SECONDS = 30
"""The changelogs' segments close after 10 s, and the cleaner looks every second."""
_FEED = 20_000

_ASSIGNED = re.compile(r"^(\S+ \S+) INFO .*: assigned orders", re.MULTILINE)
_RESTORED = re.compile(r"restored \d+ partitions: (\d+) rows read in ([\d.]+) s")


@dataclass(frozen=True, slots=True)
class Restart:
    """A kill and what came after it, in seconds."""

    until_report: float
    """From the kill to the first report of the new process, read committed."""
    until_assigned: float
    """From the new process's start to its partitions: Python, imports, joining the group."""
    restore: float
    rows: int
    """Changelog rows that were read."""


@dataclass
class Service:
    """One worker in slot 0, commands for it, and a reader of its reports."""

    run: Run
    broker: BenchBroker
    flow: Flow
    hop: Hop
    worker: Program

    def feed(self, commands: list[Command]) -> None:
        """Send commands, and wait until all are answered."""
        for start in range(0, len(commands), _FEED):
            self.run.say(f"{start} of {len(commands)} commands are in the tables")
            self.broker.preload(ORDERS_INCOMING.name, commands[start : start + _FEED])
            self.answer()
            self.worker.require_alive()

    def answer(self) -> None:
        """Place and cancel in each symbol, and wait for the reports: all before is done then."""
        self._skip_to_the_end()
        self.hop.seconds(self.flow.passing_orders(), pause=0)

    def settle(self, seconds: float) -> None:
        """Let the cleaner work; a segment closes only when something more is written."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.run.say(f"the changelogs are compacted: {left:.0f} s")
            self.answer()
            time.sleep(1)

    def restart(self) -> Restart:
        """Kill the worker, start it again in the same slot, and ask it something."""
        self._skip_to_the_end()
        probe = self.flow.passing_orders()
        killed = time.perf_counter()
        self.worker.kill()
        self.worker = matching_worker(
            self.broker.bootstrap, self.run.folder, self.run.folder / "instruments.json"
        )
        self.hop.seconds(probe[:1], pause=0)
        until_report = time.perf_counter() - killed
        self.hop.seconds(probe[1:], pause=0)
        return _restart(until_report, self.worker)

    def _skip_to_the_end(self) -> None:
        self.hop.consumer.assign(
            [
                TopicPartition(ORDERS_EXECUTIONS.name, number, OFFSET_END)
                for number in range(PARTITIONS)
            ]
        )
        # The end is looked up when the first fetch is made.
        time.sleep(0.5)
        while self.hop.consumer.poll(0.2) is not None:
            pass


def _restart(until_report: float, worker: Program) -> Restart:
    log = worker.log_text()
    assigned, restored = _ASSIGNED.search(log), _RESTORED.search(log)
    if assigned is None or restored is None:
        raise TradeflowError(f"The worker's log does not say how it started:\n{worker.log_end()}")
    at = datetime.strptime(assigned[1], "%Y-%m-%d %H:%M:%S,%f").timestamp()
    return Restart(
        until_report=until_report,
        until_assigned=at - worker.started,
        restore=float(restored[2]),
        rows=int(restored[1]),
    )


@contextmanager
def service(run: Run, flow: Flow) -> Iterator[Service]:
    """A broker and a worker of one's own."""
    run.say("starting a broker and a worker")
    with BenchBroker(run.folder) as broker, broker.consumer() as consumer:
        broker.make_topics()
        worker = matching_worker(broker.bootstrap, run.folder, run.folder / "instruments.json")
        running = Service(run, broker, flow, Hop(producer_at_once(broker), consumer), worker)
        try:
            running.answer()
            yield running
        finally:
            running.worker.stop()
