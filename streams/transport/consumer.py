"""Faust's consumer, replaced by a loop of rounds.

A round: take records → one event a partition, whose value is their batch → agents run → changed
rows, outputs and offsets go into one transaction → commit.  Nothing is in flight between rounds,
so a rebalance, a stop or a crash always falls on a clean edge.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from confluent_kafka import KafkaException
from faust.types import TP
from faust.types import Message as FaustMessage

from streams.transport.batch import Batch
from streams.transport.collector import Survivors, collector_paused
from streams.transport.errors import (
    BrokerError,
    ExitCode,
    FencedError,
    RecordError,
    RoundError,
    RowError,
    TransportError,
)
from streams.transport.faust_answers import FaustAnswers
from streams.transport.kafka_errors import error_of, transport_error
from streams.transport.membership import leave_group
from streams.transport.reader import GroupReader, Taken
from streams.transport.records import offset_of
from streams.transport.restore import Restorer
from streams.transport.round import Round
from streams.transport.topics import ensure_topics, wait_for_broker

if TYPE_CHECKING:
    from streams.transport.app import App

log = logging.getLogger(__name__)

T = TypeVar("T")

_POLL_SECONDS = 0.1
_WATCH_SECONDS = 0.5
_MARGIN_SECONDS = 5.0
"""How much longer than a transaction may last its end may take, before it is given up."""


class BatchMessage(FaustMessage):
    """A message whose value is a batch; the last agent to finish it reports to the round."""

    use_tracking = False

    def on_final_ack(self, consumer: "Consumer") -> bool:  # type: ignore[override]
        """Called by Faust when every stream that got the batch is done with it."""
        self.acked = True
        consumer.on_batch_done(self)
        return True


class Consumer(FaustAnswers):
    """Runs rounds on the app's event loop; what blocks runs on one thread of its own."""

    app: "App"

    mundane_level = "debug"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settings = self.app.transport_settings
        self.metrics = self.app.metrics
        self._survivors = Survivors()
        self.reader = GroupReader(self.settings, self.app.is_urgent)
        self.positions: dict[TP, int] = {}
        """Where this worker's last committed rounds left each input partition."""
        self._restorer = Restorer(self.settings, self.metrics)
        self._kafka = ThreadPoolExecutor(1, thread_name_prefix="kafka")
        self._admin: Any = None
        self._owned: set[TP] = set()
        self._waiting: set[TP] = set()
        self._round_done = asyncio.Event()
        self._current: Round | None = None
        self._has_begun = False
        self._fault: BaseException | None = None
        self._finishing = False
        self._loop_task: asyncio.Task[None] | None = None

    async def _in_kafka_thread(self, call: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._kafka, call, *args)

    # --- life ------------------------------------------------------------------------------------

    async def on_start(self) -> None:
        """Reach the broker, make the topics, take over the slot's transactional ids."""
        await self._in_kafka_thread(self._connect)

    def _connect(self) -> None:
        self._admin = wait_for_broker(self.settings, lambda: self._finishing)
        ensure_topics(self._admin, self.app.topic_specs(), replication=self.settings.replication)
        # Before subscribing: the predecessor's open transaction must be over when offsets are read.
        self.app.round_producer.connect()

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Join the group and begin with rounds (called by Faust's conductor)."""
        self.randomly_assigned_topics = set()
        await self._in_kafka_thread(self.reader.subscribe, sorted(topics))
        self._loop_task = asyncio.get_running_loop().create_task(self._run(), name="rounds")

    async def finish(self) -> None:
        """End after the round in progress; give the partitions up if the settings say so."""
        self._finishing = True
        if self._loop_task is not None:
            await asyncio.wait([self._loop_task])
        await self._in_kafka_thread(self._close)

    def _close(self) -> None:
        self.app.round_producer.abort()
        member_id = self.reader.member_id()
        self.reader.close()
        if self.settings.leave_on_stop and member_id and self.app.failure is None:
            leave_group(self.settings, member_id)

    async def on_stop(self) -> None:
        """End the Kafka thread."""
        self._kafka.shutdown(wait=False)

    # --- the loop --------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while not self._over():
                taken = await self._in_kafka_thread(self.reader.take, _POLL_SECONDS)
                if self._over():
                    # What was taken stays where it is: nothing of it was committed.
                    break
                if self.reader.rebalanced:
                    await self._settle_assignment()
                elif taken is not None:
                    with collector_paused():
                        await self._round(taken)
                        taken = self._current = None
                        self._survivors.round_over()
        except asyncio.CancelledError:
            raise
        except KafkaException as exc:
            # Any poll may raise what is fatal, such as another process in this slot.
            self.app.fail(transport_error(error_of(exc), "between two rounds"))
        except BaseException as exc:
            self.app.fail(exc)

    def _over(self) -> bool:
        """Whether no round is to begin any more."""
        return self._finishing or self._fault is not None

    async def _settle_assignment(self) -> None:
        """Restore what is new here, tell Faust, and fetch.

        Returns early while the group settles: other members may be in long rounds, and what
        stands here is likely to be given back.
        """
        self.app.on_unready()
        while not (self._over() or self.reader.unsettled):
            self.reader.rebalanced = False
            assigned = set(self.reader.assigned)
            self.metrics.rebalances.inc()
            log.info("assigned %s", ", ".join(f"{t}/{p}" for t, p in sorted(assigned)) or "nothing")
            await self._tell_faust(assigned)
            standing = await self._in_kafka_thread(self._rebuild)
            if standing and not self.reader.rebalanced:
                break
        else:
            return
        self.positions = dict(self.reader.assigned)
        await self._in_kafka_thread(self.reader.begin_fetching)
        self.app.flow_control.resume()
        self.resume_flow()
        self.app.on_rebalance_end()
        if assigned:
            self.app.on_ready()

    def _rebuild(self) -> bool:
        """Find the offsets to begin at, then make the tables stand there: in this order."""

        def interrupted() -> bool:
            return self._over() or self.reader.serve()

        return self.reader.find_starts(interrupted) and bool(
            self.app.round_tables.rebuild(
                self._admin,
                self._restorer,
                starts=self.reader.assigned,
                positions=self.positions,
                interrupted=interrupted,
            )
        )

    async def _tell_faust(self, assigned: set[TP]) -> None:
        """Run Faust's own rebalance callbacks; its queues are empty, since rounds are whole."""
        revoked = self._owned - assigned
        self._owned = assigned
        self.app.consumer_generation_id += 1
        self.app.on_rebalance_start()
        if revoked:
            await self.on_partitions_revoked(revoked)
        await self.on_partitions_assigned(assigned, self.app.consumer_generation_id)

    async def _round(self, taken: Taken) -> None:
        started, worked = time.perf_counter(), time.process_time()
        current = self._current = Round(taken)
        if not self._has_begun:
            self._has_begun = True
            self.app.on_first_round(current.starts())
        self.app.round_producer.begin()
        try:
            await self._process(current)
            processed = time.perf_counter()
            self._write_changes(current)
            await self._until_done(self._end_transaction, current)
        except RoundError as exc:
            raise current.refused(exc) from exc
        except FencedError as exc:
            # By the processor's time: whoever was stopped meanwhile has worked for nothing.
            seconds = time.process_time() - worked
            if 1_000 * seconds < self.settings.transaction_timeout_ms:
                raise
            raise current.too_long(seconds, exc) from exc
        self.positions.update(current.ends)
        finished = time.perf_counter()
        self.metrics.rounds.inc()
        self.metrics.round_seconds.observe(finished - started)
        self.metrics.transaction_seconds.observe(finished - processed)
        for tp, messages in current.by_partition.items():
            self.metrics.records_in.labels(topic=tp.topic).inc(len(messages))
        self.app.on_round_committed(current.ends)

    def _end_transaction(self, current: Round) -> None:
        producer = self.app.round_producer
        producer.add_offsets(current.offsets(), current.group_metadata)
        producer.commit()

    async def _until_done(self, call: Callable[..., None], *args: Any) -> None:
        """Run what waits for the broker, on the Kafka thread."""
        working = asyncio.ensure_future(self._in_kafka_thread(self._or_say_why_not, call, *args))
        # Counted in looks at it, not by the clock: time in which this process was stopped is not
        # the broker's fault.
        seconds = self.settings.transaction_timeout_ms / 1_000 + _MARGIN_SECONDS
        for _ in range(int(seconds / _WATCH_SECONDS)):
            await asyncio.wait([working], timeout=_WATCH_SECONDS)
            if working.done():
                working.result()
                return
        raise BrokerError(f"the transaction did not end within {seconds:.0f} s")

    def _or_say_why_not(self, call: Callable[..., None], *args: Any) -> None:
        try:
            call(*args)
        except FencedError:
            raise
        except TransportError as exc:
            # Whoever slept through its session may meet its own time-outs first.
            if self.reader.moves_within(_WATCH_SECONDS):
                raise FencedError(f"{exc}; and the partitions have moved meanwhile") from exc
            raise

    def _write_changes(self, current: Round) -> None:
        try:
            self.app.round_tables.write_changes(self.app.round_producer, self.metrics)
        except RowError as exc:
            raise current.unwritable(exc) from exc

    async def _process(self, current: Round) -> None:
        """Hand each partition's batch to its agents and wait until all have finished."""
        for tp, messages in current.by_partition.items():
            batch = Batch(
                tp.topic,
                tp.partition,
                messages,
                producer=self.app.round_producer,
                propagate=self.app.propagate,
            )
            self._waiting = {tp}
            self._round_done.clear()
            if self._fault is not None:
                raise self._fault
            await self.callback(self._faust_message(tp, batch))
            await self._round_done.wait()
            if self._fault is not None:
                raise self._fault

    def _faust_message(self, tp: TP, batch: Batch) -> BatchMessage:
        last = batch.messages[-1]
        kind, timestamp = last.timestamp()
        return BatchMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=offset_of(last),
            timestamp=timestamp / 1_000,
            timestamp_type=kind,
            headers=None,
            key=None,
            value=batch,  # type: ignore[arg-type]
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    # --- called by agents' machinery -------------------------------------------------------------

    def on_batch_done(self, message: BatchMessage) -> None:
        """Every agent has finished a batch."""
        self._waiting.discard(message.tp)
        if not self._waiting:
            self._round_done.set()

    def on_agent_fault(self, exc: BaseException, batch: Batch | None) -> None:
        """An agent raised, while it worked on ``batch``: the round ends, unfinished."""
        if isinstance(exc, RoundError) and self._current is not None:
            exc = self._current.refused(exc)
        elif batch is not None and getattr(exc, "exit_code", ExitCode.FAULT) is ExitCode.FAULT:
            behind = TP(batch.topic, batch.partition), offset_of(batch.current)
            exc = RecordError(batch.position, exc, behind=behind)
        if self._fault is None:
            self._fault = exc
        self._round_done.set()
        self.app.fail(self._fault)

    # --- what Faust asks of a consumer -----------------------------------------------------------

    def assignment(self) -> set[TP]:
        """The input partitions owned."""
        return set(self._owned)

    def topic_partitions(self, topic: str) -> int | None:
        """The one partition count of this worker's topics."""
        return int(self.settings.partitions)

    async def position(self, tp: TP) -> int | None:
        """Where the last committed round left a partition."""
        return self.positions.get(tp)

    def highwater(self, tp: TP) -> int:
        """The end of a partition, as far as the last fetch told."""
        return self.positions.get(tp, 0) + self.reader.lags.get(tp, 0)
