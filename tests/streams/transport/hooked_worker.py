"""The echo worker, held up at chosen points, or with one remedy taken out: ECHO_HOOKS names the
hooks, with commas between them; ECHO_GATES is the folder with the files that they look at."""

import asyncio
import ctypes
import errno
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, TopicPartition
from faust.types import TP

from streams.transport import App, Batch, worker
from streams.transport.faults import FaultRecord
from streams.transport.reader import GroupReader, Taken
from streams.transport.restore import Restorer
from streams.transport.table import Table
from streams.transport.transaction import RoundProducer
from tests.streams.transport import echo_worker

log = logging.getLogger("hooks")
HOOKS: dict[str, Callable[[], None]] = {}


def hook(install: Callable[[], None]) -> Callable[[], None]:
    """Make a hook known by its name, with dashes."""
    HOOKS[install.__name__.replace("_", "-")] = install
    return install


def gate(name: str) -> Path:
    """The file that arms a hook, or lets it go on."""
    return Path(os.environ["ECHO_GATES"]) / name


def wait_at(name: str) -> None:
    """Wait until the test opens a gate."""
    log.info("waiting at gate %s", name)
    while not gate(name).exists():
        time.sleep(0.01)
    log.info("passed gate %s", name)


# --- points at which a worker is held up ----------------------------------------------------------


@hook
def stall_before_end() -> None:
    """Once armed: wait between the offsets and the end of a transaction."""
    real = RoundProducer.commit

    def stalled(self: RoundProducer) -> None:
        if gate("armed").exists():
            gate("armed").unlink()
            wait_at("end")
        real(self)

    RoundProducer.commit = stalled  # type: ignore[method-assign]


@hook
def stall_in_round() -> None:
    """Once armed: wait in a round before its offsets are added to the transaction."""
    real = RoundProducer.add_offsets

    def stalled(self: RoundProducer, *args: Any) -> None:
        if gate("armed").exists():
            gate("armed").unlink()
            wait_at("offsets")
        real(self, *args)

    RoundProducer.add_offsets = stalled  # type: ignore[method-assign]


@hook
def say_when_asking() -> None:
    """Log that an assignment came, before its offsets are asked for."""
    real = GroupReader.find_starts

    def saying(self: GroupReader, interrupted: Callable[[], bool]) -> bool:
        log.info("asking for the offsets of %d partitions", len(self.assigned))
        return real(self, interrupted)

    GroupReader.find_starts = saying  # type: ignore[method-assign]


@hook
def long_asking() -> None:
    """Go on asking for the offsets until the worker is told to stop, or raises."""

    def asking(self: GroupReader, interrupted: Callable[[], bool]) -> bool:
        log.info("asking for the offsets of %d partitions", len(self.assigned))
        while not gate("asking").exists():
            interrupted()
            time.sleep(0.01)
        return False

    GroupReader.find_starts = asking  # type: ignore[method-assign]


class _RebalanceInTheMiddle:
    """A consumer whose ``consume``, once armed, goes on until a rebalance has run inside it."""

    def __init__(self, consumer: Consumer, reader: GroupReader) -> None:
        self._consumer = consumer
        self._reader = reader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)

    def consume(self, number: int, timeout: float) -> list[Any]:
        records = self._consumer.consume(number, timeout)
        if gate("armed").exists():
            gate("armed").unlink()
            log.info("in the middle of a take, with %d records", 1 + len(records))
            while not gate("take").exists():
                records += self._consumer.consume(number, 0.05)
            assert self._reader.rebalanced
        return records


@hook
def rebalance_mid_take() -> None:
    """Once armed: a rebalance runs inside a take."""
    real = GroupReader.subscribe

    def subscribe(self: GroupReader, topics: Any) -> None:
        real(self, topics)
        assert self._consumer is not None
        self._consumer = _RebalanceInTheMiddle(self._consumer, self)  # type: ignore[assignment]

    GroupReader.subscribe = subscribe  # type: ignore[method-assign]


@hook
def slow_restore() -> None:
    """Wait in the middle of a restore."""
    real = Table.restore

    def slow(self: Table, partition: int, records: Any) -> None:
        if not gate("restore").exists():
            log.info("restoring slowly")
            time.sleep(0.3)
        real(self, partition, records)

    Table.restore = slow  # type: ignore[method-assign]


@hook
def close_fails() -> None:
    """A consumer that cannot be closed, and a thread of its client that never ends."""

    def close(self: GroupReader) -> None:
        threading.Thread(target=threading.Event().wait).start()
        raise SystemError("the client did not close")

    GroupReader.close = close  # type: ignore[method-assign]


# --- agents that end in ways of their own ---------------------------------------------------------


def _at_poison(do: Callable[[Batch], None]) -> None:
    real = Batch.__iter__

    def iterate(self: Batch) -> Any:
        for record in real(self):
            if record.value() == echo_worker.POISON:
                do(self)
            yield record

    Batch.__iter__ = iterate  # type: ignore[method-assign]


@hook
def agent_cancelled() -> None:
    """At the poisoned record: cancelled, as by a time-out that got away."""

    def cancel(batch: Batch) -> None:
        raise asyncio.CancelledError

    _at_poison(cancel)


@hook
def agent_returned() -> None:
    """At the poisoned record: the agent leaves its loop."""
    echo_worker.RETURNS_AT_POISON = True


@hook
def agent_dies() -> None:
    """At the poisoned record: the process is gone, as by a crash in C."""
    _at_poison(lambda batch: os.kill(os.getpid(), signal.SIGKILL))


@hook
def agent_hangs() -> None:
    """At the poisoned record: a call into C that keeps Python's lock does not return."""
    worker.HANG_SECONDS = 1.0
    _at_poison(lambda batch: ctypes.PyDLL(None).sleep(3_600))


@hook
def agent_works_too_long() -> None:
    """At the poisoned record, which is none: work, not sleep, for seconds of this thread."""
    os.environ["ECHO_TOLERATES_POISON"] = "1"
    _at_poison(lambda batch: sum(iter(lambda: time.thread_time() < 4, False)))


@hook
def agent_on_a_full_disk() -> None:
    """At the poisoned record: it fails, and nothing can be noted any more."""

    def refuse(self: FaultRecord, faults: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    _at_poison(lambda batch: setattr(FaultRecord, "_write", refuse))


@hook
def agent_exits() -> None:
    """At the poisoned record: sys.exit(0)."""
    _at_poison(lambda batch: sys.exit(0))


@hook
def agent_huge_output() -> None:
    """At the poisoned record: an output that no topic takes."""
    _at_poison(lambda batch: batch.emit("anywhere", "key", b"!" * 3_000_000))


@hook
def agent_refused_output() -> None:
    """At the poisoned record: an output that the client takes, and the broker refuses."""
    os.environ["ECHO_TOLERATES_POISON"] = "1"
    data = os.urandom(1_500_000)
    _at_poison(lambda batch: batch.emit(batch.topic.replace("-in", "-out"), "key", data))


@hook
def agent_refused_early() -> None:
    """At the poisoned record: a refused output, and more of them until that is known."""
    os.environ["ECHO_TOLERATES_POISON"] = "1"
    data = os.urandom(1_500_000)

    def emit(batch: Batch) -> None:
        out = batch.topic.replace("-in", "-out")
        batch.emit(out, "key", data)
        while True:
            batch.emit(out, "key", b"0 0")
            time.sleep(0.001)

    _at_poison(emit)


@hook
def agent_huge_row() -> None:
    """At the poisoned record: a row that no topic takes, among others."""
    os.environ["ECHO_TOLERATES_POISON"] = "1"
    real = Table.take_changes

    def changes(self: Table) -> Any:
        for partition, records in real(self):
            for record in records:
                if record["key"] == "victim":
                    record["value"] = b"!" * 3_000_000
            yield partition, records

    Table.take_changes = changes  # type: ignore[method-assign]


@hook
def agent_leaves_a_task() -> None:
    """At the first record of each batch: a task that emits when the batch is finished."""
    os.environ["ECHO_TOLERATES_POISON"] = "1"

    async def late(batch: Batch) -> None:
        await asyncio.sleep(0.5)
        try:
            batch.emit(batch.topic.replace("-in", "-out"), "k0", b"0 0")
        except RuntimeError as exc:
            log.info("%s", exc)

    tasks = set()
    _at_poison(lambda batch: tasks.add(asyncio.ensure_future(late(batch))))


@hook
def agent_twice() -> None:
    """Two agents on the input topic, which wait in the middle of their batches."""
    real = echo_worker.make_app

    def make_app(options: Mapping[str, Any]) -> App:
        app = real(options)
        agents = list(app.agents.values())
        out = f"{options['name']}-out"

        async def second(batches: Any) -> None:
            async for batch in batches:
                for record in batch:
                    await asyncio.sleep(0)
                    batch.emit(out, record.key(), b"0 0")

        app.agent(app.topic(f"{options['name']}-in"), name="second")(second)
        assert len(agents) == 1
        return app

    echo_worker.make_app = make_app


# --- remedies taken out ---------------------------------------------------------------------------


@hook
def metadata_of_now() -> None:
    """Hole (a): metadata asked for after the take, and no take thrown away."""

    def take(self: GroupReader, timeout: float) -> Taken | None:
        consumer = self._require()
        if getattr(self, "_hidden", False):
            self._hidden, self.rebalanced = False, True  # type: ignore[attr-defined]
            return None
        first = consumer.poll(timeout)
        if first is None or self.rebalanced:
            return None
        records = [first, *consumer.consume(self._settings.round_max_records - 1, 0)]
        self._hidden, self.rebalanced = self.rebalanced, False  # type: ignore[attr-defined]
        return Taken(records, consumer.consumer_group_metadata())

    GroupReader.take = take  # type: ignore[method-assign]


def _stable_offsets(reader: GroupReader, *, stable: bool) -> Mapping[TP, int]:
    settings = {
        "bootstrap.servers": reader._settings.bootstrap,
        "group.id": reader._settings.group,
        "isolation.level": "read_committed" if stable else "read_uncommitted",
    }
    asking = Consumer(settings)
    try:
        partitions = [TopicPartition(*tp) for tp in reader.assigned]
        answers = asking.committed(partitions, timeout=30)
    finally:
        asking.close()
    return {TP(at.topic, at.partition): max(at.offset, -2) for at in answers}


@hook
def unstable_offsets() -> None:
    """Hole (b): offsets asked for without waiting; restored only to the committed end."""

    def find_starts(self: GroupReader, interrupted: Callable[[], bool]) -> bool:
        self.assigned = dict(_stable_offsets(self, stable=False))
        return True

    GroupReader.find_starts = find_starts  # type: ignore[method-assign]
    real = Restorer._offsets

    def committed_end(self: Restorer, admin: Any, *args: Any) -> dict[TP, int]:
        class Committed:
            def list_offsets(self, wanted: Any, **kwargs: Any) -> Any:
                kwargs["isolation_level"] = IsolationLevel.READ_COMMITTED
                return admin.list_offsets(wanted, **kwargs)

        return real(self, Committed(), *args)  # type: ignore[arg-type]

    Restorer._offsets = committed_end  # type: ignore[method-assign]


@hook
def restore_first() -> None:
    """Hole (b), the other way round: the stable offsets are asked for after the restore."""
    unstable_offsets()
    real = GroupReader.begin_fetching

    def begin_fetching(self: GroupReader) -> None:
        self.assigned = dict(_stable_offsets(self, stable=True))
        real(self)

    GroupReader.begin_fetching = begin_fetching  # type: ignore[method-assign]


def main() -> int:
    """Install the hooks and run the echo worker."""
    for name in os.environ["ECHO_HOOKS"].split(","):
        HOOKS[name]()
    return echo_worker.main()


if __name__ == "__main__":
    sys.exit(main())
