"""Reads the log on a thread of its own, and hands it to the event loop batch by batch."""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.careful import HEADER_BYTES
from schemas.codec import DecodeError, decode, header
from schemas.instruments import Instrument
from schemas.registry import registry
from schemas.topics import ORDERS_EXECUTIONS, TRADES, WALLET_EVENTS
from web.errors import GatewayError
from web.feed.hub import Hub
from web.feed.positions import Place, Positions
from web.feed.reach import Reach
from web.feed.record import END, Received
from web.settings import GatewaySettings

log = logging.getLogger(__name__)

_BATCH = 2_000
_BATCHES_AHEAD = 4
_POLL_SECONDS = 0.1
_TICK = header(registry().newest["Tick"][0])
_MEASURE_SECONDS = 1.0
_UNUSED = frozenset(
    header(schema_id)
    for name in (
        "OrderClockRow",
        "OrderCommandRow",
        "WalletHoldRow",
        "WalletCommandRow",
        "WalletPartitionRow",
        "BookTicker",
        "OrderRow",
        "ClosedOrderRow",
    )
    for schema_id in [registry().newest[name][0]]
)
"""Nobody here asks for these; they are not even decoded, but for the ticks among trades."""
_REPLIES = (ORDERS_EXECUTIONS.name, WALLET_EVENTS.name)


class Feed:
    """Follows all topics of the gateway; ``is_ready`` once it has read what was there at first."""

    def __init__(
        self, settings: GatewaySettings, instruments: Mapping[str, Instrument], hub: Hub
    ) -> None:
        self._settings = settings
        self._instruments = instruments
        self._hub = hub
        self._ends: dict[Place, int] = {}
        self._stopping = threading.Event()
        self._ahead = threading.Semaphore(_BATCHES_AHEAD)
        self._ready = asyncio.Event()
        self._failed: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._reach = Reach()
        self.unreadable = 0
        """Records that could not be decoded, and were left out."""
        self.lags: Mapping[tuple[str, int], int] = {}
        """Records between what is read and the end of each partition, a second ago at most."""
        self._next: dict[tuple[str, int], int] = {}
        self._measured = self._heard = time.monotonic()

    @property
    def is_ready(self) -> bool:
        """Whether everything that was there at the start is in memory."""
        return self._ready.is_set()

    @property
    def is_alive(self) -> bool:
        """Whether it still reads."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_cut_off(self) -> bool:
        """Whether no broker can be reached: what is sent now is not known to arrive."""
        return self._reach.is_lost

    @property
    def silent_ms(self) -> int:
        """For how long nothing was heard; an exchange has a clock that is heard each second."""
        return int((time.monotonic() - self._heard) * 1_000)

    async def start(self) -> None:
        """Begin, and return when what was there at the start is read.

        Raises:
            GatewayError: the broker or a topic is missing, or it takes too long.
        """
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="feed", daemon=True)
        self._thread.start()
        try:
            await asyncio.wait_for(self._ready.wait(), self._settings.start_seconds)
        except TimeoutError as error:
            await self.stop()
            raise GatewayError(
                f"the log was not read within {self._settings.start_seconds:g} s",
                action="see that the broker runs, or set TRADEFLOW_GATEWAY_START_SECONDS",
            ) from error
        if self._failed is not None:
            raise self._failed

    async def stop(self) -> None:
        """Read no more."""
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    # --- on the thread ----------------------------------------------------------------------------

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            starts, self._ends = Positions(self._settings, self._instruments).find()
            self._ends = {
                Place(each.topic, each.partition): self._ends[Place(each.topic, each.partition)]
                for each in starts
                if each.offset < self._ends[Place(each.topic, each.partition)]
            }
            settings = {**self._settings.consumer(), "error_cb": self._reach.on_error}
            consumer = Consumer(settings, logger=log)
            try:
                consumer.assign(starts)
                self._read(consumer, loop)
            finally:
                consumer.close()
        except (GatewayError, KafkaException) as error:
            self._failed = error
            log.critical("the log is read no more: %s", error)
            _call(loop, self._ready.set)

    def _read(self, consumer: Consumer, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping.is_set():
            # To ask for n messages would wait for n of them or the whole time-out.
            first = consumer.poll(_POLL_SECONDS)
            self._reach.look(consumer)
            batch: list[Received] = []
            self._measure(consumer)
            if first is not None:
                self._heard = time.monotonic()
                for message in (first, *consumer.consume(_BATCH - 1, 0)):
                    self._take(message, batch)
            is_caught_up = not self._ends and not self._ready.is_set()
            if not batch and not is_caught_up:
                continue
            while not self._ahead.acquire(timeout=_POLL_SECONDS):
                self._measure(consumer)
                if self._stopping.is_set():
                    return
            if not _call(loop, self._hand_out, batch, is_caught_up):
                return

    def _take(self, message: Message, batch: list[Received]) -> None:
        raw: Any = message
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                place = Place(raw.topic(), raw.partition())
                self._next[place.topic, place.partition] = raw.offset()
                self._reached(place, raw.offset())
                if place.topic == TRADES.name:
                    batch.append(Received(*place, raw.offset(), b"", END, {}, {}))
            elif error.fatal():
                raise KafkaException(error)
            else:
                log.warning("while reading: %s", error.str())
            return
        topic, partition, offset = raw.topic(), raw.partition(), raw.offset()
        self._next[topic, partition] = offset + 1
        if self._ends:
            self._reached(Place(topic, partition), offset + 1)
        value = raw.value()
        if not value:
            batch.append(Received(topic, partition, offset, raw.key() or b"", "", {}, {}))
        elif _is_used(topic, value[:HEADER_BYTES]):
            try:
                name, record = decode(value)
            except DecodeError as fault:
                self.unreadable += 1
                log.error("%s/%s/%s cannot be read: %s", topic, partition, offset, fault)
                return
            headers = _headers(message) if topic in _REPLIES else {}
            batch.append(
                Received(topic, partition, offset, raw.key() or b"", name, record, headers)
            )

    def _measure(self, consumer: Consumer) -> None:
        """What is still to be read, by the ends that came with what was read last."""
        now = time.monotonic()
        if now - self._measured < _MEASURE_SECONDS:
            return
        self._measured = now
        lags = {}
        for (topic, partition), offset in self._next.items():
            ends: Any = consumer.get_watermark_offsets(
                TopicPartition(topic, partition), cached=True
            )
            lags[topic, partition] = max(0, ends[1] - offset)
        self.lags = lags

    def _reached(self, place: Place, offset: int) -> None:
        if offset >= self._ends.get(place, offset + 1):
            del self._ends[place]

    # --- on the loop ------------------------------------------------------------------------------

    def _hand_out(self, batch: list[Received], is_caught_up: bool) -> None:
        try:
            self._hub.publish(batch)
        finally:
            self._ahead.release()
        if is_caught_up:
            self._ready.set()


def _is_used(topic: str, head: bytes) -> bool:
    # How far time has come matters where candles are closed by it.
    return topic == TRADES.name if head == _TICK else head not in _UNUSED


def _headers(message: Any) -> dict[str, bytes]:
    try:
        return {name: value or b"" for name, value in message.headers() or ()}
    except (SystemError, UnicodeDecodeError):
        # A name that is no text: the client gives none of them.
        return {}


def _call(loop: asyncio.AbstractEventLoop, call: Any, *arguments: Any) -> bool:
    """Have the loop call this; False: it is closed."""
    try:
        loop.call_soon_threadsafe(call, *arguments)
    except RuntimeError:
        return False
    return True
