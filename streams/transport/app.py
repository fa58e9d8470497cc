"""The Faust app of this transport: its classes, its topics and its way to end."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, cast

import faust
from confluent_kafka import Message
from faust.types import TP, AgentT
from faust.types.agents import AgentFun

from streams.transport.config import TransportSettings
from streams.transport.consumer import Consumer
from streams.transport.dead_letters import EncodeDeadLetter, encode_plain
from streams.transport.errors import BrokerError, FencedError, PoisonedError, RecordError
from streams.transport.faults import FaultRecord
from streams.transport.headers import Propagate, propagate
from streams.transport.metrics import Metrics
from streams.transport.slot import Slot
from streams.transport.stream import Agent, BatchSchema, Stream
from streams.transport.table import Table
from streams.transport.table_manager import TableManager
from streams.transport.topics import TopicSpec
from streams.transport.transaction import RoundProducer
from streams.transport.web import WorkerWeb

log = logging.getLogger(__name__)


class App(faust.App):
    """A Faust app that runs on rounds.

    Declare ``topics`` (inputs and outputs; changelogs and dead-letter topics are added), agents
    with ``@app.agent(app.topic(name))`` that take batches, and tables with
    ``app.Table(name, encode=…, decode=…)``; run it with ``streams.transport.worker.run``.
    ``is_urgent`` says of a record whether somebody waits for what comes of it: a round without any
    such record waits a little for more (``unhurried_ms``).  By default all are.
    """

    mundane_level = "debug"
    _consumer: Consumer | None

    def __init__(
        self,
        settings: TransportSettings,
        *,
        topics: Iterable[TopicSpec] = (),
        changelog_config: Mapping[str, str] | None = None,
        encode_dead_letter: EncodeDeadLetter = encode_plain,
        propagate: Propagate = propagate,
        is_urgent: Callable[[Message], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        self.transport_settings = settings
        self.metrics = Metrics()
        self.propagate = propagate
        self.is_urgent = is_urgent
        self.slot = Slot(settings.state_dir, settings.member)
        self.faults = FaultRecord(self.slot.folder)
        self.failure: BaseException | None = None
        self.ended = asyncio.Event()
        self.ready = False
        self.round_producer = RoundProducer(
            settings, self.metrics, encode_dead_letter=encode_dead_letter
        )
        self.worker_web = WorkerWeb(self)
        self._topic_specs = tuple(topics)
        self._changelog_config = dict(changelog_config or {"cleanup.policy": "compact"})
        super().__init__(
            settings.group,
            broker=f"kafka-eos://{settings.bootstrap.replace(',', ';')}",
            topic_partitions=settings.partitions,
            topic_replication_factor=settings.replication,
            topic_disable_leader=True,
            web_enabled=False,
            Agent=Agent,
            Schema=BatchSchema,
            Table=Table,
            TableManager=TableManager,
            **{"Stream": Stream, **kwargs},
        )

    @property
    def rounds(self) -> Consumer:
        """Faust's consumer, as what it is here."""
        return cast(Consumer, self.consumer)

    @property
    def round_tables(self) -> TableManager:
        """Faust's table manager, as what it is here."""
        return cast(TableManager, self.tables)

    def agent(self, channel: Any = None, **kwargs: Any) -> Callable[[AgentFun[Any]], AgentT[Any]]:
        """Faust's decorator; the channel may also be a stream, such as ``a & b``.

        The stream stands for its topics, and what was done to it is done to the agent's batches.
        """
        if not isinstance(channel, Stream):
            return super().agent(channel, **kwargs)
        declared = channel
        decorate = super().agent(declared.give_topic(), **kwargs)

        def agent_of(fun: AgentFun[Any]) -> AgentT[Any]:
            @wraps(fun)
            def joined(batches: Any) -> Any:
                return fun(
                    batches.clone(
                        join_strategy=declared.join_strategy, processors=declared._processors
                    )
                )

            return decorate(joined)

        return agent_of

    # --- topics ----------------------------------------------------------------------------------

    def topic_specs(self) -> list[TopicSpec]:
        """Every topic this worker reads or writes, to be made if missing."""
        settings = self.transport_settings
        letters = settings.dead_letter_topic
        # A dead letter is its input and a little more, so its topic takes larger records.
        letter_config = {"max.message.bytes": str(2 * settings.max_message_bytes)}
        declared = {
            letters: TopicSpec(name=letters, partitions=1, config=letter_config),
            **{spec.name: spec for spec in self._topic_specs},
        }
        for agent in self.agents.values():
            for name in agent.channel.topics:
                spec = TopicSpec(name=name, partitions=settings.partitions)
                declared.setdefault(name, spec)
        for table in self.tables.values():
            name = table.changelog_topic_name
            spec = TopicSpec(
                name=name, partitions=settings.partitions, config=self._changelog_config
            )
            declared.setdefault(name, spec)
        return list(declared.values())

    # --- life ------------------------------------------------------------------------------------

    async def on_first_start(self) -> None:
        """Take the slot before anything else; Faust's own data folder is not used."""
        self.slot.acquire()

    async def on_start(self) -> None:
        """Listen early, so that /health answers while tables are restored."""
        settings = self.transport_settings
        if settings.web_port is not None:
            await self.worker_web.start(settings.web_host, settings.web_port)
        await super().on_start()

    async def _stop_consumer(self) -> None:
        if self._consumer is not None:
            await self._consumer.finish()
        await self.worker_web.stop()

    async def on_shutdown(self) -> None:
        """Give the slot up, last of all."""
        self.slot.release()

    def on_ready(self) -> None:
        """Partitions are assigned and restored."""
        self.ready = True
        self.metrics.ready.set(1)
        log.info("ready with %d partitions", len(self.rounds.positions))

    def on_unready(self) -> None:
        """The assignment changes."""
        self.ready = False
        self.metrics.ready.set(0)

    def on_first_round(self, starts: Mapping[TP, int]) -> None:
        """This process is about to begin its first round, at ``starts``.

        Raises:
            PoisonedError: as many processes as may be have begun there and have ended.
        """
        most = self.transport_settings.max_faults
        position = self.faults.begin(starts, most=most)
        if position is not None:
            raise PoisonedError(f"{most} workers ended without a word at {position}")

    def on_round_committed(self, ends: Mapping[TP, int]) -> None:
        """A round got through, up to ``ends``."""
        self.faults.committed(ends)

    def health(self) -> dict[str, Any]:
        """What /health answers."""
        consumer = self._consumer
        positions = consumer.positions if consumer is not None else {}
        return {
            "live": self.failure is None,
            "ready": self.ready,
            "worker": self.transport_settings.member,
            "assigned": [f"{tp.topic}/{tp.partition}" for tp in sorted(positions)],
            "positions": {f"{tp.topic}/{tp.partition}": at for tp, at in positions.items()},
            "failure": None if self.failure is None else str(self.failure),
        }

    def fail(self, exc: BaseException) -> None:
        """End this process: a round cannot be finished, and memory may be ahead of the log."""
        if self.failure is not None:
            return
        # First of all: whatever goes wrong below, the process ends.
        self.failure = exc
        try:
            self.failure = self._noted(exc)
        except OSError as unwritable:
            log.error("the fault could not be noted: %s", unwritable)
        finally:
            self.on_unready()
            self.ended.set()

    def _noted(self, exc: BaseException) -> BaseException:
        """The error, or what it amounts to: it may be one too many."""
        if isinstance(exc, BrokerError | FencedError | RecordError):
            # It is known what ended this process: where it began is not held against it as well.
            self.faults.excuse()
        if not isinstance(exc, RecordError):
            return exc
        times = self.faults.count(exc.position, exc.behind)
        log.error("fault %d at %s", times, exc.position, exc_info=exc.__cause__)
        if times < self.transport_settings.max_faults:
            return exc
        return PoisonedError(f"{times} faults in a row at {exc.position}: {exc}")
