"""Where the reading of each topic begins, so that memory has what it needs and no more."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from schemas.codec import decode
from schemas.instruments import Instrument
from schemas.partitioning import partition_of
from schemas.topics import (
    ACCOUNTS_WALLET,
    CANDLES,
    MATCHING_BOOK,
    ORDERBOOK_SNAPSHOTS,
    ORDERBOOK_UPDATES,
    ORDERS_EXECUTIONS,
    ORDERS_ORDERS,
    TICKERS,
    TRADES,
    WALLET_EVENTS,
)
from web.errors import GatewayError
from web.settings import GatewaySettings

READ_TOPICS = (
    ORDERBOOK_SNAPSHOTS,
    ORDERBOOK_UPDATES,
    TRADES,
    CANDLES,
    TICKERS,
    ACCOUNTS_WALLET,
    ORDERS_ORDERS,
    ORDERS_EXECUTIONS,
    WALLET_EVENTS,
    MATCHING_BOOK,
)
"""What the gateway reads."""

_WHOLE = (CANDLES.name, ACCOUNTS_WALLET.name, ORDERS_ORDERS.name)
"""Compacted: each key's last word, so all of it is wanted."""

_TRADES_BACK = 20_000
_EXECUTIONS_BACK = 100_000
_ROWS_BACK = 2_000
_TICKERS_BACK = 2_000
_TICKERS_BACK_MAX = 100_000
_WAIT_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
_NOT_YET = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Positions:
    """Finds where to begin; asks the broker, and reads a little."""

    def __init__(self, settings: GatewaySettings, instruments: Mapping[str, Instrument]) -> None:
        self._settings = settings
        self._instruments = instruments
        self._admin = AdminClient(settings.client("tradeflow-gateway"))

    def find(self) -> tuple[list[TopicPartition], dict[Place, int]]:
        """Where to begin in each partition, and its end as it is now.

        Raises:
            GatewayError: the broker does not answer, or has not these topics.
        """
        try:
            places = self._places()
            low = self._edges(places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
            # Of what is committed: an open transaction must not keep the gateway from starting.
            high = self._edges(places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
            starts = dict(high)
            for place in places:
                if place.topic in _WHOLE:
                    starts[place] = low[place]
                elif place.topic == TRADES.name:
                    starts[place] = max(low[place], high[place] - _TRADES_BACK)
            starts |= self._executions(low, high)
            starts |= self._tickers(low, high)
            starts |= self._books(low, high)
            starts |= self._symbol_rows(low, high)
        except KafkaException as error:
            raise GatewayError(
                f"the broker at {self._settings.broker} does not answer: {error}",
                action="start the exchange first (tradeflow up), or correct BROKER",
            ) from error
        return [TopicPartition(*place, at) for place, at in starts.items()], high

    def _places(self) -> list[Place]:
        known = self._admin.list_topics(timeout=_WAIT_SECONDS).topics
        missing = [topic.name for topic in READ_TOPICS if topic.name not in known]
        if missing:
            raise GatewayError(
                f"the broker at {self._settings.broker} has no topic {missing[0]}",
                action="start the exchange first (tradeflow up): it makes the topics",
            )
        return [
            Place(topic.name, number)
            for topic in READ_TOPICS
            for number in known[topic.name].partitions
        ]

    def _edges(self, places: list[Place], spec: OffsetSpec) -> dict[Place, int]:
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                return self._edges_now(places, spec)
            except KafkaException as error:
                # A topic that was made just now has no leader for a moment.
                if error.args[0].code() not in _NOT_YET or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)

    def _edges_now(self, places: list[Place], spec: OffsetSpec) -> dict[Place, int]:
        asked = {TopicPartition(*place): spec for place in places}
        answers = self._admin.list_offsets(
            asked,
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=_WAIT_SECONDS,
        )
        return {
            Place(str(each.topic), each.partition): answer.result().offset
            for each, answer in answers.items()
        }

    def _executions(self, low: Mapping[Place, int], high: Mapping[Place, int]) -> dict[Place, int]:
        """The last hour, for accounts' own trades, but never more than so many records."""
        places = [place for place in high if place.topic == ORDERS_EXECUTIONS.name]
        since_ms = int((time.time() - self._settings.past_seconds) * 1_000)
        by_time = self._edges(places, OffsetSpec.for_timestamp(since_ms))
        return {
            place: max(
                low[place],
                high[place] - _EXECUTIONS_BACK,
                by_time[place] if by_time[place] >= 0 else high[place],
            )
            for place in places
        }

    def _tickers(self, low: Mapping[Place, int], high: Mapping[Place, int]) -> dict[Place, int]:
        """Far enough back that each symbol of a partition is told of once, where it was ever."""
        starts = {}
        symbols = self._symbols_of(TICKERS.name, high)
        with self._reading() as consumer:
            for place, end in high.items():
                if place.topic != TICKERS.name:
                    continue
                back, start = _TICKERS_BACK, end
                while start > low[place] and back <= _TICKERS_BACK_MAX:
                    start = max(low[place], end - back)
                    told = {
                        message.key()
                        for message in _between(consumer, place, start, end)
                        if decode(message.value() or b"")[0] == "Ticker"
                    }
                    if symbols[place.partition] <= told:
                        break
                    back *= 4
                starts[place] = start
        return starts

    def _symbol_rows(self, low: Mapping[Place, int], high: Mapping[Place, int]) -> dict[Place, int]:
        """Each symbol's newest row, of which there is one a tick; where it has none, the end.

        The rest of that log are orders, which nobody here needs.
        """
        starts = {}
        symbols = self._symbols_of(MATCHING_BOOK.name, high)
        with self._reading() as consumer:
            for place, end in high.items():
                if place.topic != MATCHING_BOOK.name:
                    continue
                newest: dict[bytes, int] = {}
                back, until = _ROWS_BACK, end
                while until > low[place] and newest.keys() < symbols[place.partition]:
                    start = max(low[place], end - back)
                    found = {
                        message.key() or b"": int(message.offset() or 0)
                        for message in _between(consumer, place, start, until)
                    }
                    for symbol in symbols[place.partition] & found.keys():
                        newest.setdefault(symbol, found[symbol])
                    until = start
                    back *= 8
                starts[place] = min(newest.values(), default=end)
        return starts

    def _books(self, low: Mapping[Place, int], high: Mapping[Place, int]) -> dict[Place, int]:
        """All snapshots; updates from the earliest that a snapshot goes on with."""
        starts: dict[Place, int] = {}
        symbols = self._symbols_of(ORDERBOOK_UPDATES.name, high)
        with self._reading() as consumer:
            for place, end in high.items():
                if place.topic != ORDERBOOK_SNAPSHOTS.name:
                    continue
                starts[place] = low[place]
                newest: dict[bytes, int] = {}
                for message in _between(consumer, place, low[place], end):
                    newest[message.key() or b""] = decode(message.value() or b"")[1]["offset"]
                updates = Place(ORDERBOOK_UPDATES.name, place.partition)
                # A book that has no snapshot yet has but few updates, if any.
                without = symbols[place.partition] - newest.keys()
                first = low[updates] if without else high[updates]
                starts[updates] = max(low[updates], min([first, *newest.values()]))
        return starts

    def _symbols_of(self, topic: str, high: Mapping[Place, int]) -> dict[int, set[bytes]]:
        """Which symbols are in which partition of a topic."""
        count = sum(place.topic == topic for place in high)
        symbols: dict[int, set[bytes]] = {number: set() for number in range(count)}
        for symbol in self._instruments:
            key = symbol.encode()
            symbols[partition_of(key, count)].add(key)
        return symbols

    @contextmanager
    def _reading(self) -> Iterator[Consumer]:
        consumer = Consumer(self._settings.consumer())
        try:
            yield consumer
        finally:
            consumer.close()


def _between(consumer: Consumer, place: Place, start: int, end: int) -> Iterator[Message]:
    """The committed records of a partition from ``start`` to before ``end``."""
    if start >= end:
        return
    consumer.assign([TopicPartition(*place, start)])
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        for message in consumer.consume(2_000, 0.1):
            deadline = time.monotonic() + _WAIT_SECONDS
            if message.error() is not None:
                # The end of the partition; what else there is comes again or ends in time.
                if int(message.offset() or 0) >= end:
                    return
                continue
            if int(message.offset() or 0) >= end:
                return
            yield message
    raise GatewayError(
        f"{place.topic}/{place.partition} could not be read",
        action="see that the broker runs, and start the gateway again",
    )
