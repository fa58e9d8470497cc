"""The three stages over one log, driven step by step."""

from collections.abc import Mapping
from functools import partial
from random import Random

from schemas.codec import encode
from schemas.instruments import Instrument
from schemas.topics import (
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    TOPICS,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.agents.accounts import declare_accounts
from streams.agents.matching import declare_matching
from streams.agents.orders import declare_orders
from tradeflow.clock import TICKED
from tradeflow.simulation.faults import Faults
from tradeflow.simulation.log import SimulatedLog
from tradeflow.simulation.rounds import Take
from tradeflow.simulation.stage import SimulatedStage

PARTITIONS = 2
WORKERS = 2
TIMEOUT_MS = 30_000
START_MS = 1_760_000_000_000

_SKEWS_MS = (-40_000, -1_000, 700, 50_000)
_AWAY_MS = (300, 300, 1_000, 1_000, 3_000, 40_000, 100_000)
_SHORT_MAX = 8
_STAMPED = frozenset(
    topic.name for topic in TOPICS if topic.config.get("message.timestamp.type") == "LogAppendTime"
)


class SimulatedExchange:
    """Log, clock and stages; chance comes from ``rng`` alone."""

    def __init__(self, instruments: Mapping[str, Instrument], rng: Random, faults: Faults) -> None:
        self._rng = rng
        self.faults = faults
        counts = {topic.name: topic.partition_count(PARTITIONS) for topic in TOPICS}
        self.log = SimulatedLog(counts, stamped=_STAMPED, now_ms=START_MS)
        orders = partial(declare_orders, instruments=instruments, timeout_ms=TIMEOUT_MS)
        order_inputs = (ORDERS_COMMANDS.name, WALLET_EVENTS.name, ORDERS_EXECUTIONS.name)
        accounts = partial(declare_accounts, instruments=instruments)
        matching = partial(declare_matching, instruments=instruments)
        self.stages = {
            stage.name: stage
            for stage in (
                SimulatedStage("orders", orders, order_inputs, self.log, workers=WORKERS),
                SimulatedStage(
                    "accounts", accounts, (WALLET_COMMANDS.name,), self.log, workers=WORKERS
                ),
                SimulatedStage(
                    "matching", matching, (ORDERS_INCOMING.name,), self.log, workers=WORKERS
                ),
            )
        }
        for stage in self.stages.values():
            if faults.happens("skewed_worker"):
                stage.clock_skew_ms = rng.choice(_SKEWS_MS)

    def tick(self) -> str:
        """The clock's ticks, as ``tradeflow clock`` writes them."""
        value = encode("Tick", {"time_ms": self.log.now_ms})
        missed = self.faults.happens("missed_tick")
        for topic in TICKED:
            for number in range(PARTITIONS):
                if not (missed and self._rng.random() < 0.5):
                    self.log.append(topic, None, value, partition=number)
        return "a tick" + (" reaches some partitions" if missed else "")

    def round(self, stage: SimulatedStage) -> str:
        """One round of one of a stage's workers, or what keeps it from that."""
        rng, faults = self._rng, self.faults
        worker = rng.randrange(WORKERS)
        if faults.happens("stage_away"):
            stage.away_until_ms = self.log.now_ms + rng.choice(_AWAY_MS)
        if self.log.now_ms < stage.away_until_ms:
            return f"{stage.name} is away"
        if faults.happens("rebalance"):
            return self._move(stage)
        takes = self._some_of(stage.unread(worker))
        if not takes:
            return f"{stage.name}/{worker} has nothing to do"
        what = f"{stage.name}/{worker} takes {_described(takes)}"
        work = stage.process(worker, takes, rng)
        if faults.happens("crash_before_commit"):
            stage.restart(worker)
            return f"{what}; it dies before its commit"
        if faults.happens("fenced"):
            moved = self._move(stage, takes[0].partition)
            stage.restart(worker)
            return f"{what}; {moved} meanwhile: its commit is refused"
        stage.commit(work)
        if faults.happens("crash_after_commit"):
            stage.restart(worker)
            return f"{what}; it commits, and dies"
        return what

    def is_away(self) -> bool:
        """Whether a stage takes nothing at present."""
        return any(self.log.now_ms < stage.away_until_ms for stage in self.stages.values())

    def drain_round(self) -> bool:
        """Let every worker take all there is; False where there was nothing."""
        has_worked = False
        for stage in self.stages.values():
            for worker in range(WORKERS):
                takes = stage.unread(worker)
                if takes:
                    has_worked = True
                    stage.commit(stage.process(worker, takes))
        return has_worked

    def close(self) -> None:
        """End all agents."""
        for stage in self.stages.values():
            stage.close()

    def _move(self, stage: SimulatedStage, number: int | None = None) -> str:
        number = self._rng.randrange(stage.partitions) if number is None else number
        owner = (stage.owners[number] + 1) % WORKERS
        stage.move(number, owner)
        return f"partition {number} of {stage.name} goes to worker {owner}"

    def _some_of(self, unread: list[Take]) -> list[Take]:
        """What a round takes of what there is, in the order in which it comes."""
        rng, faults = self._rng, self.faults
        rng.shuffle(unread)
        takes = []
        for take in unread:
            if faults.happens("late_read"):
                continue
            size = take.size
            if size > 1 and faults.happens("short_read"):
                size = rng.randint(1, min(size, _SHORT_MAX))
            takes.append(take._replace(size=size))
        return takes


def _described(takes: list[Take]) -> str:
    return ", ".join(f"{take.topic}/{take.partition} {take.start}+{take.size}" for take in takes)
