"""How each part of the exchange is: what is up, where, how far behind, in how much memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from schemas.topics import ORDERS_INCOMING
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.errors import TradeflowError
from tradeflow.settings import load_settings
from tradeflow.stores.kinds import StoreName, embedded_store
from tradeflow.supervision.health import WorkerCounts, ask_health, worker_counts
from tradeflow.supervision.memory import memory_bytes
from tradeflow.supervision.parts import Part
from tradeflow.supervision.settings import RunFolder
from tradeflow.supervision.supervisord import ProgramState

State = Literal["up", "starting", "down"]


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part."""

    name: str
    state: State
    address: str
    lag: int | None = None
    """Records that are still to come; None: it has no such thing, or does not say."""
    said: str = ""
    """What else there is to say, in a few words."""
    memory_bytes: int | None = None
    counts: WorkerCounts | None = None
    """Of a stage's worker."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


class StatusView:
    """Looks at parts; ``programs`` are what supervisord says, empty where it does not answer."""

    def __init__(self, folder: RunFolder, parts: Sequence[Part]) -> None:
        self._folder = folder
        self._parts = parts
        self._ask: Mapping[str, Callable[[Part], PartStatus]] = {
            "stage": self._stage,
            "connector": self._connector,
            "gateway": self._gateway,
            "store": self._store,
            "broker": self._broker,
        }

    def look(self, programs: Sequence[ProgramState]) -> list[PartStatus]:
        """All of them, in the order in which they started."""
        states = {program.name: program for program in programs}
        found = []
        for part in self._parts:
            program = states.get(part.name)
            if program is not None and not program.pid:
                found.append(PartStatus(part.name, "down", part.address, said=_why(program)))
            else:
                found.append(self._ask.get(part.kind, self._silent)(part))
        return found

    def _silent(self, part: Part) -> PartStatus:
        """One that answers nobody: it lives, or it does not."""
        pid = self._pid(part)
        return PartStatus(
            part.name,
            "up" if pid else "down",
            part.address,
            memory_bytes=memory_bytes(pid) if pid else None,
        )

    def _stage(self, part: Part) -> PartStatus:
        counts = worker_counts(f"{part.url}/metrics", commands_topic=ORDERS_INCOMING.name)
        if counts is None:
            return self._no_answer(part)
        said = f"{counts.rounds:,} rounds"
        if counts.dead_letters:
            said += f", {counts.dead_letters:,} dead letters"
        return self._answered(part, counts.is_ready, counts.lag, said, counts)

    def _connector(self, part: Part) -> PartStatus:
        health = ask_health(f"{part.url}/health")
        if health is None:
            return self._no_answer(part)
        said = "" if health.get("store") == "up" else f"its store is {health.get('store')}"
        return self._answered(part, bool(health.get("ready")), health.get("lag"), said)

    def _gateway(self, part: Part) -> PartStatus:
        health = ask_health(f"{part.url}/health")
        if health is None:
            return self._no_answer(part)
        needs = health.get("dependencies", {})
        away = [name for name, each in needs.items() if each.get("status") != "up"]
        said = f"without {', '.join(away)}" if away else ""
        lag = needs.get("feed", {}).get("lag")
        return self._answered(part, bool(health.get("ready")), lag, said)

    def _store(self, part: Part) -> PartStatus:
        if part.is_elsewhere:
            return PartStatus(part.name, "up", part.address, said="elsewhere")
        try:
            pid = embedded_store(StoreName(part.name)).pid
        except TradeflowError:
            pid = None
        return _lives(part, pid)

    def _broker(self, part: Part) -> PartStatus:
        if part.is_elsewhere:
            return PartStatus(part.name, "up", part.address, said="elsewhere")
        return _lives(part, EmbeddedBroker(load_settings(BrokerSettings)).pid)

    def _answered(
        self,
        part: Part,
        is_ready: bool,
        lag: int | None,
        said: str,
        counts: WorkerCounts | None = None,
    ) -> PartStatus:
        pid = self._pid(part)
        memory = memory_bytes(pid) if pid else None
        state: State = "up" if is_ready else "starting"
        return PartStatus(part.name, state, part.address, lag, said, memory, counts)

    def _no_answer(self, part: Part) -> PartStatus:
        pid = self._pid(part)
        memory = memory_bytes(pid) if pid else None
        state: State = "starting" if pid else "down"
        return PartStatus(part.name, state, part.address, said="no answer", memory_bytes=memory)

    def _pid(self, part: Part) -> int | None:
        process = self._folder.process(part.name).find()
        return None if process is None else process.pid


def _lives(part: Part, pid: int | None) -> PartStatus:
    memory = memory_bytes(pid) if pid else None
    return PartStatus(part.name, "up" if pid else "down", part.address, memory_bytes=memory)


def _why(program: ProgramState) -> str:
    if program.state == "EXITED":
        return f"ended with exit code {program.exit_code}"
    return program.state.lower()
