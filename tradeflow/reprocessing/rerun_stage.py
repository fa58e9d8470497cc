"""A stage as it runs live, without Faust and without a transaction: batches in, outputs out."""

from collections.abc import Callable, Sequence
from typing import Any

from streams.transport import Batch
from streams.transport.headers import propagate
from tradeflow.simulation.app import SimulatedApp, SimulatedMetrics
from tradeflow.simulation.rounds import Output, RoundOutputs


class RerunStage:
    """One stage over partitions that it owns alone, from nothing; its tables stay in memory."""

    def __init__(self, name: str, declare: Callable[[Any], object]) -> None:
        self._app = SimulatedApp(SimulatedMetrics())
        declare(self._app)
        self._outputs = RoundOutputs(name)
        self._owned: set[int] = set()

    def process(self, topic: str, number: int, messages: Sequence[Any]) -> Sequence[Output]:
        """Work through records of one partition, in order; what came of them, in order."""
        if number not in self._owned:
            self._owned.add(number)
            for table in self._app.tables.values():
                table.begin_restore(number)
        outputs: Any = self._outputs
        batch = Batch(topic, number, messages, producer=outputs, propagate=propagate)
        for agent in self._app.agents:
            if topic in agent.topics:
                agent.give(batch)
        for table in self._app.tables.values():
            # Nothing is restored from here: what changed need not be known.
            table.rows(number).changed.clear()
        return self._outputs.take()

    def close(self) -> None:
        """End its agents."""
        self._app.close()
