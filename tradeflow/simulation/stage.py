"""A stage as its consumer group has it: workers, who owns which partitions, committed offsets."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from streams.transport import Batch
from streams.transport.headers import propagate
from tradeflow.simulation.app import SimulatedApp, SimulatedMetrics
from tradeflow.simulation.log import SimulatedLog
from tradeflow.simulation.rounds import Round, RoundOutputs, Row, Take, Turn

Declare = Callable[[Any], Any]
"""Declares a stage's agents and tables on an app."""


class SimulatedWorker:
    """One process of a stage: what it knows is lost with it, and rebuilt from changelogs."""

    def __init__(
        self, stage: str, declare: Declare, log: SimulatedLog, metrics: SimulatedMetrics
    ) -> None:
        self._name = stage
        self._log = log
        self.app = SimulatedApp(metrics)
        self.declared: Any = declare(self.app)
        self._outputs = RoundOutputs(stage)
        self.restored: set[int] = set()

    def process(self, takes: Sequence[Take], turns: Sequence[Turn]) -> Round:
        """Let the agents work through some records; nothing is written yet."""
        for number in dict.fromkeys(take.partition for take in takes):
            self.restore(number)
        batches = [self._batch(take) for take in takes]
        for turn in turns:
            self.app.agents[turn.agent].give(batches[turn.take])
        return Round(list(takes), list(turns), self._outputs.take(), self._changed_rows())

    def turns(self, takes: Sequence[Take]) -> list[Turn]:
        """Which agents have which of the takes, take by take."""
        return [
            Turn(number, agent)
            for number, take in enumerate(takes)
            for agent, each in enumerate(self.app.agents)
            if take.topic in each.topics
        ]

    def _batch(self, take: Take) -> Batch:
        end = take.start + take.size
        messages: Any = self._log.records(take.topic, take.partition, take.start, end)
        outputs: Any = self._outputs
        return Batch(take.topic, take.partition, messages, producer=outputs, propagate=propagate)

    def drop(self, number: int) -> None:
        """Forget a partition that another worker owns now."""
        self.restored.discard(number)
        for table in self.app.tables.values():
            table.drop(number)

    def begin_empty(self, number: int) -> None:
        """Own a partition as if nothing had ever been written to its changelogs."""
        self.restored.add(number)
        for table in self.app.tables.values():
            table.begin_restore(number)

    def restore(self, number: int) -> None:
        """Rebuild a partition's rows from the changelogs, unless they are there."""
        if number in self.restored:
            return
        self.restored.add(number)
        for table in self.app.tables.values():
            table.begin_restore(number)
            rows = self._log.rows(changelog_of(self._name, table.name), number)
            table.restore(number, rows.items())

    def _changed_rows(self) -> list[Row]:
        return [
            Row(changelog_of(self._name, table.name), number, record["key"].encode(), value)
            for table in self.app.tables.values()
            for number, records in table.take_changes()
            for record in records
            for value in (record["value"],)
        ]


class SimulatedStage:
    """The workers of one stage, by number; each partition has one owner."""

    def __init__(
        self,
        name: str,
        declare: Declare,
        inputs: Sequence[str],
        log: SimulatedLog,
        *,
        workers: int,
    ) -> None:
        self.name = name
        self.inputs = tuple(inputs)
        self._declare = declare
        self._log = log
        self._metrics = SimulatedMetrics()
        self.partitions = log.partitions(inputs[0])
        self.workers = [self._start() for _ in range(workers)]
        self.owners = [number % workers for number in range(self.partitions)]
        self.offsets = {
            (topic, number): 0 for topic in self.inputs for number in range(self.partitions)
        }
        self.history: list[Round] = []
        """The rounds that were committed, without what they wrote."""
        self.away_until_ms = 0
        self.clock_skew_ms = 0

    def unread(self, worker: int) -> list[Take]:
        """All that is waiting for a worker."""
        return [
            Take(topic, number, start, end - start)
            for (topic, number), start in self.offsets.items()
            if self.owners[number] == worker and (end := self._log.end(topic, number)) > start
        ]

    def process(self, worker: int, takes: Sequence[Take], rng: Random | None = None) -> Round:
        """What a worker makes of some records; it knows it, and the log does not.

        Each agent has the takes in their order; how the agents take turns, chance says.
        """
        of = self.workers[worker]
        turns = of.turns(takes)
        return of.process(takes, turns if rng is None else _mixed(turns, rng))

    def commit(self, work: Round) -> None:
        """The round's transaction: outputs, rows and offsets."""
        work.commit(self._log, clock_ms=self._log.now_ms + self.clock_skew_ms)
        for take in work.takes:
            self.offsets[take.topic, take.partition] = take.start + take.size
        self.history.append(Round(work.takes, work.turns))

    def restart(self, worker: int) -> None:
        """A worker dies, and another takes its place with nothing in memory."""
        self.workers[worker].app.close()
        self.workers[worker] = self._start()

    def move(self, number: int, worker: int) -> None:
        """Give a partition to another worker."""
        self.workers[self.owners[number]].drop(number)
        self.owners[number] = worker
        self.workers[worker].drop(number)

    def fresh_worker(self) -> SimulatedWorker:
        """A worker that owns nothing: to look at what rows amount to, or to replay."""
        return self._start()

    def close(self) -> None:
        """End all agents."""
        for worker in self.workers:
            worker.app.close()

    def _start(self) -> SimulatedWorker:
        return SimulatedWorker(self.name, self._declare, self._log, self._metrics)


def _mixed(turns: Sequence[Turn], rng: Random) -> list[Turn]:
    """Each agent's turns in their order, and the agents' among each other in any."""
    agents = [turn.agent for turn in turns]
    rng.shuffle(agents)
    waiting = {agent: iter([turn for turn in turns if turn.agent == agent]) for agent in agents}
    return [next(waiting[agent]) for agent in agents]


def changelog_of(stage: str, table: str) -> str:
    """The topic of a table's changes."""
    return f"{stage}-{table}-changelog"
