"""What the stages are declared on where there is no Faust: topics, tables, joins and agents.

``declare_orders`` and its like say of an app which agent reads what, and what is joined with what.
This one takes the same words and keeps them; the agents run by hand, one batch after the other.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from types import coroutine
from typing import Any

from prometheus_client import CollectorRegistry

from streams.joins import Field, JoinedBatch, WindowedJoin
from streams.transport import Batch
from streams.transport.table import RowStore

AgentFunction = Callable[[Any], Coroutine[Any, Any, None]]


class SimulatedStream:
    """A declared stream; ``channel`` is itself, as its topics are all there is to it."""

    def __init__(self, app: "SimulatedApp", topics: tuple[str, ...]) -> None:
        self.app = app
        self.topics = topics
        self.join: WindowedJoin | None = None

    @property
    def channel(self) -> "SimulatedStream":
        """What has the topics."""
        return self

    def stream(self) -> "SimulatedStream":
        """A topic as a stream."""
        return self

    def __and__(self, other: "SimulatedStream") -> "SimulatedStream":
        return SimulatedStream(self.app, (*self.topics, *other.topics))

    def outer_join(
        self, *fields: Field, within: tuple[float, float], grace: float, table: Any
    ) -> "SimulatedStream":
        """As ``streams.joins.Stream``'s: ``within`` and ``grace`` are seconds."""
        joined = SimulatedStream(self.app, self.topics)
        joined.join = WindowedJoin(
            "outer",
            stream=self,  # type: ignore[arg-type]
            fields=fields,
            table=table,
            before_ms=round(1_000 * within[0]),
            after_ms=round(1_000 * within[1]),
            grace_ms=round(1_000 * grace),
        )
        return joined


class SimulatedTable(RowStore):
    """A table that is rows by partition and nothing else."""

    def __init__(
        self, name: str, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]
    ) -> None:
        self.name = name
        super().__init__(encode=encode, decode=decode)


class SimulatedAgent:
    """An agent that waits for its next batch; its loop over batches never ends."""

    def __init__(self, name: str, stream: SimulatedStream, function: AgentFunction) -> None:
        self.name = name
        self.topics = stream.topics
        self._join = stream.join
        self._next: Any = None
        self._run = function(self)
        self._run.send(None)

    def give(self, batch: Batch) -> None:
        """Let the agent work through a batch, to its end."""
        own = batch.copy()
        joined = None if self._join is None else JoinedBatch(self._join, own)
        self._next = own if joined is None else joined
        self._run.send(None)
        if joined is not None:
            joined.require_read()
        own.close()

    def close(self) -> None:
        """End it where it waits."""
        self._run.close()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        await _wait()
        return self._next


@coroutine
def _wait() -> Generator[None, None, None]:
    yield


class SimulatedMetrics:
    """Where the joins of an app count; nobody reads it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()


class SimulatedApp:
    """The part of the transport's ``App`` that stages are declared with."""

    def __init__(self, metrics: SimulatedMetrics) -> None:
        self.metrics = metrics
        self.tables: dict[str, SimulatedTable] = {}
        self.agents: list[SimulatedAgent] = []

    def topic(self, name: str) -> SimulatedStream:
        """A topic, which is a stream at once."""
        return SimulatedStream(self, (name,))

    def Table(  # noqa: N802 - Faust's name
        self, name: str, *, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]
    ) -> SimulatedTable:
        """Declare a table."""
        table = self.tables[name] = SimulatedTable(name, encode, decode)
        return table

    def agent(
        self, stream: SimulatedStream, *, name: str
    ) -> Callable[[AgentFunction], SimulatedAgent]:
        """Declare an agent and let it wait for its first batch."""

        def declare(function: AgentFunction) -> SimulatedAgent:
            agent = SimulatedAgent(name, stream, function)
            self.agents.append(agent)
            return agent

        return declare

    def close(self) -> None:
        """End all agents."""
        for agent in self.agents:
            agent.close()
