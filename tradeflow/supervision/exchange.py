"""The exchange on this machine: started step by step, ended in the opposite order."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import IO

from streams.settings import StreamsSettings
from tradeflow.broker import BrokerSettings, EmbeddedBroker, external_broker
from tradeflow.broker.probe import require_answer
from tradeflow.embedded.ports import free_port
from tradeflow.errors import TradeflowError
from tradeflow.settings import load_settings
from tradeflow.supervision.alerts import Notice, Watch, last_critical
from tradeflow.supervision.health import WorkerAddress, is_ready
from tradeflow.supervision.launch import pace_of
from tradeflow.supervision.leftovers import BrokerMark, end_leftovers
from tradeflow.supervision.programs import (
    CLOCK,
    FLOW,
    Program,
    clock,
    order_flow,
    stage_worker,
)
from tradeflow.supervision.settings import UP, RunFolder
from tradeflow.supervision.supervisord import Supervisord

_READY_SECONDS = 120.0
_POLL_SECONDS = 0.1
_STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `up` was asked for."""

    workers: int = 1
    """Of the matching stage; every other stage has one."""
    flow_rate: int = 10
    """Orders a second; 0: no flow."""


@dataclass(frozen=True, slots=True)
class Running:
    """What is up."""

    bootstrap: str
    broker: EmbeddedBroker | None
    """None where BROKER chose another one."""
    workers: list[WorkerAddress]


class StoppedError(Exception):
    """The operator ended `up` while it was still starting."""


class Exchange:
    """Broker, topics, workers and flow under one `up`."""

    def __init__(
        self,
        plan: Plan,
        folder: RunFolder,
        settings: StreamsSettings,
        *,
        tell: Callable[[Notice], None],
        stop: Event,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._settings = settings
        self._tell = tell
        self._stop = stop
        self._supervisord = Supervisord(folder)
        self._watch = Watch(folder, {})
        self._mark = BrokerMark(folder)
        self._broker: EmbeddedBroker | None = None

    @contextmanager
    def running(self) -> Iterator[Running]:
        """Start everything; when the block is left, however it is left, end everything.

        Raises:
            TradeflowError: it cannot start; what was started is ended again.
            StoppedError: ``stop`` was set before all was up.
        """
        with self._only_one():
            end_leftovers(self._folder, self._say)
            self._folder.process(UP).record(os.getpid())
            try:
                yield self._start()
            finally:
                self._end()

    def look(self) -> list[Notice]:
        """What happened since the last look.

        Raises:
            TradeflowError: supervisord itself is gone.
        """
        if not self._supervisord.is_running():
            raise TradeflowError(
                "supervisord ended by itself; everything is ended.",
                remedy=f"Its log: {self._folder.log_of('supervisor')}",
            )
        notices = self._watch.look(self._supervisord.states())
        if self._broker is not None and not self._broker.is_running():
            notices.append(Notice("The broker ended by itself; it is started again.", True))
            self._broker.start()
        return notices

    # --- one after the other ----------------------------------------------------------------------

    def _start(self) -> Running:
        bootstrap = self._start_broker()
        self._go_on()
        make_topics(self._settings.model_copy(update={"broker": bootstrap}))
        self._go_on()
        workers = self._addresses()
        programs: list[Program] = [
            stage_worker(each.stage, each.slot, host=each.host, port=each.port) for each in workers
        ]
        programs.append(clock())
        if self._plan.flow_rate:
            programs.append(order_flow(self._plan.flow_rate))
        for program in programs:
            pace_of(self._folder.state, program.name).forget()
        final_codes = {program.name: program.final_codes for program in programs}
        self._watch = Watch(self._folder, final_codes)
        self._supervisord.start(programs, settings={"BROKER": bootstrap})
        self._wait_until_ready(workers)
        self._supervisord.start_program(CLOCK)
        if self._plan.flow_rate:
            self._supervisord.start_program(FLOW)
        return Running(bootstrap, self._broker, workers)

    def _start_broker(self) -> str:
        bootstrap = external_broker()
        if bootstrap is not None:
            require_answer(bootstrap)
            return bootstrap
        broker = EmbeddedBroker(load_settings(BrokerSettings))
        if not broker.is_running():
            self._say("Starting the broker …")
            # Before the start: whoever kills this process now still leaves word of it.
            self._mark.set(broker)
        broker.start()
        self._broker = broker
        return broker.bootstrap

    def _addresses(self) -> list[WorkerAddress]:
        host, first = self._settings.web_host, self._settings.web_port
        taken: set[int] = set()
        addresses = []
        slots = [("matching", slot) for slot in range(self._plan.workers)]
        slots += [("accounts", 0), ("orders", 0), ("marketdata", 0)]
        for number, (stage, slot) in enumerate(slots):
            port = first + number if first else free_port(host)
            while port in taken:
                port = free_port(host)
            taken.add(port)
            addresses.append(WorkerAddress(stage, slot, host, port))
        return addresses

    def _wait_until_ready(self, workers: list[WorkerAddress]) -> None:
        self._say("Starting the workers …")
        deadline = time.monotonic() + _READY_SECONDS
        waiting = list(workers)
        while waiting:
            self._go_on()
            self._require_alive({worker.name for worker in workers})
            waiting = [worker for worker in waiting if not is_ready(worker)]
            if waiting and time.monotonic() > deadline:
                raise TradeflowError(
                    f"{waiting[0].name} was not ready within {_READY_SECONDS:.0f} s.",
                    remedy=f"Its log: {self._folder.log_of(waiting[0].name)}",
                )
            self._stop.wait(_POLL_SECONDS)

    def _require_alive(self, names: set[str]) -> None:
        """A worker that will not be started again means that `up` fails."""
        for state in self._supervisord.states():
            if state.name in names and self._watch.is_final(state):
                log = self._folder.log_of(state.name)
                said = last_critical(log) or f"it ended with exit code {state.exit_code}"
                raise TradeflowError(f"{state.name} did not start: {said} (log: {log})")

    def _end(self) -> None:
        self._supervisord.stop(timeout_seconds=_STOP_SECONDS)
        end_leftovers(self._folder, self._say)
        self._mark.stop_broker(self._say)
        # The record of this process stays: `down` waits by it until the process is gone.

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        self._folder.prepare()
        lock: IO[str] = self._folder.lock.open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                other = self._folder.process(UP).find()
                number = f" (process {other.pid})" if other is not None else ""
                raise TradeflowError(
                    f"TradeFlow is up already{number}.", remedy="Stop it with: tradeflow down"
                ) from error
            yield

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def _say(self, text: str) -> None:
        self._tell(Notice(text, is_alert=False))


def make_topics(settings: StreamsSettings) -> None:
    """Make the topics that are missing.

    Raises:
        TradeflowError: one is there with another number of partitions, or the broker is not.
    """
    from streams.app import MATCHING, topic_specs
    from streams.transport.errors import TransportError
    from streams.transport.topics import ensure_topics, wait_for_broker

    try:
        transport = settings.transport(group=MATCHING, slot=0)
        admin = wait_for_broker(transport)
        specs = topic_specs(settings.partitions)
        ensure_topics(admin, specs, replication=transport.replication)
    except TransportError as error:
        raise TradeflowError(
            f"{error}.", remedy=f"What to do: {error.action}.", exit_code=error.exit_code
        ) from error
