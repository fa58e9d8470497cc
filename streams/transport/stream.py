"""Faust's streams and agents, with a round's idea of what «finished» means.

A batch is finished when its agent asks for the next one, and by nothing else.  Faust's own
iterators acknowledge in a ``finally``: a batch whose agent raised, was cancelled or left its loop
would count as processed, and so would one that they skip.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

import faust
from faust.agents.agent import Agent as FaustAgent
from faust.exceptions import Skip
from faust.streams import _current_event
from faust.types import AgentT, EventT, TopicT
from faust.types.agents import ActorRefT
from mode.utils.futures import maybe_async

from streams.transport.batch import Batch
from streams.transport.errors import ConfigError, TransportError

if TYPE_CHECKING:
    from streams.transport.app import App

current_batch: ContextVar[Batch | None] = ContextVar("current_batch", default=None)
"""The batch that this task, an agent, works on."""


class Stream(faust.Stream[Any]):
    """A stream that finishes a batch when it is asked for the next."""

    app: "App"

    def __aiter__(self) -> Any:
        iterator = self._values()
        self._active_agens.add(iterator)
        return iterator

    async def _values(self) -> AsyncGenerator[Any, None]:
        self._finalized = True
        started = await self.maybe_start()
        try:
            while not self.should_stop:
                item = await anext(self.channel)
                event = item if isinstance(item, EventT) else None
                value = item if event is None else self._begin(event)
                try:
                    for processor in self._processors:
                        value = await maybe_async(processor(value))
                    value = await self.on_merge(value)
                except Skip:
                    value = self._skipped_value
                acks = self.enable_acks
                swallowed = value is self._skipped_value
                if not swallowed and not (event is None and value is None):
                    self.events_total += 1
                    yield value
                # An agent that raised, was cancelled or left its loop does not come here.
                if event is not None and (acks or swallowed):
                    self._finish(event)
        except StopAsyncIteration:
            # The channel was told to stop; a generator must not pass that on.
            return
        finally:
            self._channel_stop_iteration(self.channel)
            if started:
                await self.stop()
                self.service_reset()

    # --- streams of more than one topic -----------------------------------------------------------

    def combine(self, *nodes: Any, **kwargs: Any) -> "Stream":
        """``a & b``: one stream of the topics of both, for an agent that is declared with it.

        Faust's own merges two queues, and whoever acknowledges what is in them may be another
        than who works on it; here a round hands one batch after the other to one agent.

        Raises:
            ConfigError: of what is no declared stream of topics.
        """
        streams = (self, *nodes)
        names = [name for stream in streams for name in _topics_of(stream)]
        if any(stream._processors or stream.join_strategy for stream in streams):
            raise ConfigError("combine streams first, then join or filter what that gives")
        for stream in streams:
            stream.give_topic()
        return cast(Stream, self.app.stream(self.app.topic(*dict.fromkeys(names)), **kwargs))

    def give_topic(self) -> TopicT:
        """The topic of a stream that was declared; it gets no batches of its own any more."""
        names = _topics_of(self)
        self.app.topics.discard(cast(TopicT, self.channel))
        return self.app.topic(*names)

    def info(self) -> Mapping[str, Any]:
        """As Faust's, which forgets the join: a clone would have none."""
        return {**super().info(), "join_strategy": self.join_strategy}

    # ----------------------------------------------------------------------------------------------

    def _begin(self, event: EventT[Any]) -> Any:
        message = event.message
        if message.generation_id != self.app.consumer_generation_id:
            raise TransportError(f"a batch of {message.tp} outlived its assignment")
        _current_event.set(ref(event))
        self.current_event = event
        batch: Any = event.value
        if isinstance(batch, Batch):
            if message.refcount > 1:
                # Another agent reads it too: each has a place of its own in it.
                batch = batch.copy()
            current_batch.set(batch)
        return batch

    def _finish(self, event: EventT[Any]) -> None:
        self.current_event = None
        batch = current_batch.get()
        if batch is not None:
            batch.close()
            current_batch.set(None)
        event.ack()


def _topics_of(stream: Any) -> list[str]:
    channel = stream.channel if isinstance(stream, Stream) else None
    if not isinstance(channel, TopicT) or stream._finalized or stream.app.started:
        raise ConfigError(
            f"{stream!r} is no stream of topics that was declared before the app started: combine "
            "app.topic(…).stream() with another, and declare the agent with what that gives"
        )
    return list(channel.topics)


class BatchSchema(faust.Schema[Any, Any]):
    """Hands a batch through as it is: its records are decoded by the agent, one by one."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> None:
        """A batch has no key."""

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        """The batch."""
        return message.value


class Agent(FaustAgent):
    """An agent whose end, of whatever kind, ends the round instead of finishing a batch."""

    app: "App"

    def __init__(
        self, *args: Any, on_error: Any = None, concurrency: int = 1, **kwargs: Any
    ) -> None:
        if concurrency != 1:
            raise ConfigError(
                f"an agent has concurrency={concurrency}: a partition's batches are processed in "
                "order, so it must be 1; start more workers instead"
            )

        async def fail(agent: AgentT[Any], exc: BaseException) -> None:
            if on_error is not None:
                await on_error(agent, exc)
            self.app.rounds.on_agent_fault(exc, current_batch.get())

        super().__init__(*args, on_error=fail, concurrency=concurrency, **kwargs)

    async def _execute_actor(self, coro: Awaitable[Any], aref: ActorRefT) -> None:
        await super()._execute_actor(self._until_stopped(coro), aref)

    async def _until_stopped(self, coro: Awaitable[Any]) -> None:
        """Run the agent; an end that nobody asked for is a fault."""
        try:
            await coro
        except asyncio.CancelledError:
            self._ended("was cancelled")
            raise
        except (SystemExit, KeyboardInterrupt) as exc:
            raise TransportError(f"agent {self.name} raised {exc!r}") from exc
        self._ended("returned: its loop over batches must not end")

    def _ended(self, how: str) -> None:
        if not (self.should_stop or self.app.should_stop):
            fault = TransportError(f"agent {self.name} {how}")
            self.app.rounds.on_agent_fault(fault, current_batch.get())
