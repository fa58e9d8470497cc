"""Feeds a store from its topics.

Read, batch, write with the positions behind it; from the store's positions, never the group's.
One thread does it all: while the store is down it stays in the group and reads nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial

from confluent_kafka import Message

from connectors.decoding import Decoder
from connectors.event import Place
from connectors.health import Health
from connectors.metrics import Metrics
from connectors.patience import Patience
from connectors.pending import Pending
from connectors.settings import ConnectorSettings
from connectors.sink import Batch, FencedError, RefusedError, Sink
from connectors.source import Source
from schemas.codec import DecodeError

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2
"""How soon a stop or a rebalance is seen."""
_BROKER_PAUSE_SECONDS = 0.5


class _InterruptedError(Exception):
    """A stop or a rebalance came while the store was waited for."""


class Runner:
    """One process's share of a sink's partitions."""

    def __init__(
        self,
        sink: Sink,
        settings: ConnectorSettings,
        *,
        stop: threading.Event,
        metrics: Metrics,
        health: Health,
        watch: Callable[["Runner"], None] = lambda runner: None,
    ) -> None:
        """``watch`` is called after each step; ``stop`` ends the run within a moment."""
        self._sink = sink
        self._settings = settings
        self.stop = stop
        self._metrics = metrics
        self._health = health
        self._watch = watch
        self._decoder = Decoder()
        self._pending = Pending()
        self._generation = 0
        self._must_clear = False
        self.source = Source(settings, f"connect-{sink.name}", sink.topics)
        self.positions: dict[Place, int] = {}
        """What the store has of each partition that is read here."""
        self._store = Patience(sink, settings, metrics, health, self._idle)

    def run(self, *, clear: bool = False) -> None:
        """Until ``stop``; with ``clear`` the store is emptied before anything is read.

        Raises:
            ConnectorError: it says what to change.
        """
        self._must_clear = clear
        try:
            self.source.subscribe()
            while not self.stop.is_set():
                self._guarded_step()
                self._health.beats()
        finally:
            self.source.close()
            self._store.close()

    def _guarded_step(self) -> None:
        try:
            self._step()
            self._note_lags()
            self._watch(self)
        except _InterruptedError:
            # What is pending is read again, here or by whoever has it now.
            self._pending.clear()
        except FencedError as exc:
            log.warning("%s: %s; its positions are read again", self._sink.name, exc)
            self._metrics.fenced.inc()
            self.source.generation += 1

    def _step(self) -> None:
        if self.source.generation != self._generation and not self._begin():
            return
        room = self._settings.batch_records - len(self._pending)
        messages = self.source.take(self._patience_seconds(), room)
        if self.source.generation != self._generation:
            return
        for message in messages:
            self._add(message)
        if self._is_due():
            self._write()

    def _begin(self) -> bool:
        """Go on from where the store stands, in the partitions that are read here now."""
        generation, places = self.source.generation, self.source.assigned
        self._pending.clear()
        self._health.is_reading = False
        self._health.partitions = len(places)
        self._health.lag = None
        self._metrics.forget_lags()
        if self._must_clear:
            self._store.call(lambda sink: sink.clear())
            self._must_clear = False
        known = self._store.call(lambda sink: sink.positions(places))
        positions = {place: known.get(place, 0) for place in places}
        if not self.source.begin(positions):
            self._idle(_BROKER_PAUSE_SECONDS)
            return False
        self.positions, self._generation = positions, generation
        self._health.is_reading = bool(places)
        self._metrics.rebalances.inc()
        log.info("%s: reads %d partitions", self._sink.name, len(places))
        return True

    def _add(self, message: Message) -> None:
        try:
            self._pending.add(self._decoder.event(message))
        except DecodeError as exc:
            place, offset = self._decoder.position(message)
            log.error("%s/%d is no record and is left out: %s", place, offset, exc)
            self._metrics.undecodable(place.topic)
            self._pending.skip(place, offset)

    def _patience_seconds(self) -> float:
        if not self._pending:
            return _LOOK_SECONDS
        left = self._settings.linger_ms / 1_000 - self._pending.waited()
        return min(_LOOK_SECONDS, max(0.0, left))

    def _is_due(self) -> bool:
        count = len(self._pending)
        is_late = self._pending.waited() * 1_000 >= self._settings.linger_ms
        return count >= self._settings.batch_records or (count > 0 and is_late)

    def _write(self) -> None:
        started = time.perf_counter()
        batch, rows = self._write_what_is_taken()
        self._metrics.batch_seconds.observe(time.perf_counter() - started)
        self._metrics.rows.inc(rows)
        for topic, count in self._pending.counts.items():
            self._metrics.records(topic, count)
        self.positions.update(batch.ends)
        self._pending.clear()
        self.source.commit(batch.ends)

    def _write_what_is_taken(self) -> tuple[Batch, int]:
        """The batch without what the store refused, and how many rows it became."""
        while True:
            batch = self._pending.batch(self.positions)
            try:
                return batch, self._store.call(partial(_write, batch=batch))
            except RefusedError as exc:
                self._leave_out(exc.reasons)

    def _leave_out(self, reasons: Mapping[str, str]) -> None:
        for event in self._pending.refuse(reasons.keys()):
            log.error("%s is refused and left out: %s", event.position, reasons[event.position])
            self._metrics.refused(event.place.topic)

    def _idle(self, seconds: float) -> None:
        """Wait without reading; raises _InterruptedError on a stop or a rebalance."""
        generation = self.source.generation
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self.stop.is_set():
                raise _InterruptedError
            self.source.serve(min(left, _LOOK_SECONDS))
            if self.source.generation != generation:
                raise _InterruptedError
            self._health.beats()
            self._note_lags()

    def reached(self, place: Place) -> int:
        """How far the store has the partition; at its end markers of transactions count too."""
        written = self.positions.get(place, 0)
        return written if self._pending else max(written, self.source.end_read(place))

    def _note_lags(self) -> None:
        self.source.ends.look(self.source.assigned)
        ends = self.source.ends.latest
        lags = {
            place: max(0, ends[place] - self.reached(place))
            for place in self.positions
            if place in ends
        }
        for place, lag in lags.items():
            self._metrics.lag(*place, lag)
        is_known = self._health.is_reading and len(lags) == len(self.positions)
        self._health.lag = sum(lags.values()) if is_known else None


def _write(sink: Sink, *, batch: Batch) -> int:
    return sink.write(batch)
