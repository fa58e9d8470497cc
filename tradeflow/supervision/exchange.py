"""The exchange on this machine: started step by step, ended in the opposite order."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from streams.settings import StreamsSettings
from tradeflow.broker import BrokerSettings, EmbeddedBroker, external_broker
from tradeflow.broker.probe import require_answer
from tradeflow.embedded.ports import free_port
from tradeflow.errors import TradeflowError
from tradeflow.settings import load_settings
from tradeflow.stores.kinds import StoreName
from tradeflow.supervision.alerts import Notice, Watch, last_critical
from tradeflow.supervision.demo import DemoKey
from tradeflow.supervision.health import WorkerAddress, is_ready
from tradeflow.supervision.launch import pace_of
from tradeflow.supervision.leftovers import BrokerMark, end_leftovers
from tradeflow.supervision.only_one import only_one
from tradeflow.supervision.parts import Part, write_parts
from tradeflow.supervision.programs import CLOCK, MAKERS, Program, clock, makers, stage_worker
from tradeflow.supervision.settings import SUPERVISOR, UP, RunFolder
from tradeflow.supervision.status import PartStatus, StatusView
from tradeflow.supervision.stores import stop_stores
from tradeflow.supervision.stores_and_gateway import StoresAndGateway, shared_settings
from tradeflow.supervision.supervisord import Supervisord
from tradeflow.supervision.topics import make_topics

_READY_SECONDS = 120.0
_POLL_SECONDS = 0.1
_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `up` was asked for."""

    workers: int = 1
    """Of the matching stage; every other stage has one."""
    flow_rate: int = 10
    """Commands a second of makers and crowd; 0: there are none."""
    stores: tuple[StoreName, ...] = ()
    has_gateway: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """What is up."""

    bootstrap: str
    broker: EmbeddedBroker | None
    """None where BROKER chose another one."""
    workers: list[WorkerAddress]
    parts: list[Part]
    key: DemoKey | None
    """Of the account ``demo``, where there is a gateway."""

    @property
    def gateway(self) -> str:
        """The gateway's URL; "": there is none."""
        return next((part.url for part in self.parts if part.kind == "gateway"), "")


class StoppedError(Exception):
    """The operator ended `up` while it was still starting."""


class Exchange:
    """Broker, topics, workers, makers, stores and gateway under one `up`."""

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
        self._final_codes: dict[str, tuple[int, ...]] = {}
        self._watch = Watch(folder, self._final_codes)
        self._mark = BrokerMark(folder)
        self._broker: EmbeddedBroker | None = None
        self._beside: StoresAndGateway | None = None
        self._view: StatusView | None = None

    @contextmanager
    def running(self) -> Iterator[Running]:
        """Start everything; when the block is left, however it is left, end everything.

        Raises:
            TradeflowError: it cannot start; what was started is ended again.
            StoppedError: ``stop`` was set before all was up.
        """
        with only_one(self._folder):
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
        if self._beside is not None:
            notices += self._beside.stores.look()
        return notices

    def status(self) -> list[PartStatus]:
        """How each part is; nothing before all have started."""
        return [] if self._view is None else self._view.look(self._supervisord.states())

    # --- one after the other ----------------------------------------------------------------------

    def _start(self) -> Running:
        began = time.monotonic()
        bootstrap = self._start_broker()
        self._go_on()
        make_topics(self._settings.model_copy(update={"broker": bootstrap}))
        self._go_on()
        workers = self._addresses()
        self._start_stages(bootstrap, workers)
        self._say(f"The stages are ready after {time.monotonic() - began:.1f} s.")
        parts = [
            Part("broker", "broker", bootstrap, is_elsewhere=self._broker is None),
            *(Part(each.name, "stage", each.address) for each in workers),
            Part(CLOCK, "clock"),
        ]
        if self._plan.flow_rate:
            parts.append(Part(MAKERS, "makers"))
        beside = self._start_beside(bootstrap)
        parts += beside.parts
        parts += [Part(name, "supervisor") for name in (SUPERVISOR, UP)]
        write_parts(self._folder, parts)
        self._view = StatusView(self._folder, parts)
        return Running(bootstrap, self._broker, workers, parts, beside.key)

    def _start_stages(self, bootstrap: str, workers: list[WorkerAddress]) -> None:
        programs = [
            stage_worker(each.stage, each.slot, host=each.host, port=each.port) for each in workers
        ]
        programs.append(clock())
        if self._plan.flow_rate:
            programs.append(makers(self._plan.flow_rate))
        self._expect(programs)
        self._supervisord.start(programs, settings={"BROKER": bootstrap, **shared_settings()})
        self._wait_until_ready(workers)
        self._supervisord.start_program(CLOCK)
        if self._plan.flow_rate:
            self._supervisord.start_program(MAKERS)

    def _start_beside(self, bootstrap: str) -> StoresAndGateway:
        plan = self._plan
        self._beside = beside = StoresAndGateway(
            plan.stores,
            has_gateway=plan.has_gateway,
            folder=self._folder,
            settings=self._settings,
            say=self._say,
            go_on=self._go_on,
        )
        if plan.stores:
            self._say(f"Starting {', '.join(plan.stores)} …")
        beside.start_stores()
        programs = beside.programs()
        if programs:
            self._expect(programs)
            self._supervisord.add(programs)
        names = {program.name for program in programs}
        beside.wait_for_gateway(bootstrap, lambda: self._require_alive(names))
        return beside

    def _expect(self, programs: list[Program]) -> None:
        for program in programs:
            pace_of(self._folder.state, program.name).forget()
            self._final_codes[program.name] = program.final_codes

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
            port = first + number if first else free_port(host, host_setting="TRADEFLOW_WEB_HOST")
            while port in taken:
                port = free_port(host, host_setting="TRADEFLOW_WEB_HOST")
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
            waiting = [worker for worker in waiting if not is_ready(f"http://{worker.address}")]
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
        self._folder.parts.unlink(missing_ok=True)
        self._supervisord.stop(timeout_seconds=_STOP_SECONDS)
        if self._beside is not None:
            self._beside.stores.end()
        else:
            stop_stores(self._folder, self._say)
        end_leftovers(self._folder, self._say)
        self._mark.stop_broker(self._say)
        # The record of this process stays: `down` waits by it until the process is gone.

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def _say(self, text: str) -> None:
        self._tell(Notice(text, is_alert=False))
