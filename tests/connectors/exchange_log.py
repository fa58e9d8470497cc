"""A small exchange's whole log: what its stages say, the sagas' changelog and market data too."""

from collections import defaultdict
from functools import cache
from typing import Any, NamedTuple

from connectors.event import TOMBSTONE, Event, Place
from schemas.codec import decode, encode
from schemas.topics import (
    CANDLES,
    ORDERBOOK_SNAPSHOTS,
    ORDERBOOK_UPDATES,
    ORDERS_ORDERS,
    TICKERS,
    TRADES,
)
from streams.app import ORDERS
from streams.domain.market_data import MarketData
from tests.tradeflow.checking.made_exchange import PARTITIONS, START_MS, MadeExchange
from tradeflow.topic_reader import Partition, Record

_UNITS = 6_000_000
_BETWEEN = 12
"""So many commands between two looks at what rows have changed."""
_PAUSE_MS = 700
"""So that candles of short intervals open and close."""


class Logged(NamedTuple):
    """A record that is to be written, or was."""

    place: Place
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: tuple[tuple[str, bytes], ...] = ()


@cache
def exchange_log(commands: int, seed: int = 1, start_ms: int = START_MS) -> tuple[Logged, ...]:
    """Records of all topics, each partition in order, about as they came in time."""
    exchange = MadeExchange(seed=seed)
    exchange.now_ms = start_ms
    log = _Log(exchange)
    exchange.fund(_UNITS)
    for _ in range(0, commands, _BETWEEN):
        exchange.feed(_BETWEEN)
        log.look()
        exchange.now_ms += _PAUSE_MS
    exchange.run()
    log.look()
    return tuple(log.records)


def as_events(log: tuple[Logged, ...], topics: tuple[str, ...]) -> list[Event]:
    """The records of these topics as the runner hands them over, with a gap now and then."""
    offsets: defaultdict[Place, int] = defaultdict(int)
    events = []
    for record in log:
        if record.place.topic not in topics:
            continue
        name, content = decode(record.value) if record.value is not None else (TOMBSTONE, {})
        # As where a transaction ended.
        offsets[record.place] += 1 if offsets[record.place] % 11 else 2
        events.append(
            Event(
                record.place,
                offsets[record.place],
                record.key,
                name,
                content,
                {},
                record.timestamp_ms,
            )
        )
    return events


class _Log:
    def __init__(self, exchange: MadeExchange) -> None:
        self.records: list[Logged] = []
        self._exchange = exchange
        self._seen: defaultdict[Partition, int] = defaultdict(int)
        self._rows: dict[int, dict[str, bytes]] = {n: {} for n in range(PARTITIONS)}
        self._market = MarketData(exchange.instruments, 0)
        self._candle_keys: list[tuple[Place, bytes]] = []

    def look(self) -> None:
        """Take over what is new."""
        for partition, records in self._exchange.records.items():
            for record in records[self._seen[partition] :]:
                self._take(record)
            self._seen[partition] = len(records)
        for number, rows in self._exchange.table(ORDERS).items():
            self._take_rows(number, rows)

    def _take(self, record: Record) -> None:
        place = Place(*record.partition)
        self._add(place, record.key, record.value, record.timestamp_ms, record.headers)
        if place.topic in (TRADES.name, ORDERBOOK_UPDATES.name):
            name, value = decode(record.value or b"")
            if name == "Trade":
                self._take_trade(place.partition, value, record.timestamp_ms)
            elif name == "DepthUpdate":
                self._take_update(record, value)

    def _take_update(self, record: Record, update: dict[str, Any]) -> None:
        """The best prices, and now and then the whole book."""
        number, now_ms, key = record.partition.number, record.timestamp_ms, record.key
        book = self._market.book(update["symbol"])
        book.apply(update)
        best = book.take_ticker()
        if best is not None:
            self._add(Place(TICKERS.name, number), key, encode("BookTicker", best), now_ms)
        if update["last_update_id"] % 40 == 0:
            snapshot = encode("DepthSnapshot", book.snapshot(record.offset))
            self._add(Place(ORDERBOOK_SNAPSHOTS.name, number), key, snapshot, now_ms)

    def _take_trade(self, number: int, trade: dict[str, Any], now_ms: int) -> None:
        place = Place(CANDLES.name, number)
        data = self._market.symbol(trade["symbol"])
        assert data is not None
        candles, ticker = data.trade(trade)
        if ticker is not None:
            key = trade["symbol"].encode()
            self._add(Place(TICKERS.name, number), key, encode("Ticker", ticker), now_ms)
        for candle in candles:
            key = candle.key.encode()
            self._add(place, key, encode("Candle", candle.as_record()), now_ms)
            self._candle_keys.append((place, key))
        if len(self._candle_keys) > 200:
            # As if it had been forgotten on purpose.
            place, key = self._candle_keys[0]
            self._candle_keys = []
            self._add(place, key, None, now_ms)

    def _take_rows(self, number: int, rows: dict[str, bytes]) -> None:
        place, before = Place(ORDERS_ORDERS.name, number), self._rows[number]
        for key, row in rows.items():
            if before.get(key) != row:
                self._add(place, key.encode(), row, self._exchange.now_ms)
        for key in before.keys() - rows.keys():
            self._add(place, key.encode(), None, self._exchange.now_ms)
        self._rows[number] = dict(rows)

    def _add(
        self,
        place: Place,
        key: bytes | None,
        value: bytes | None,
        now_ms: int,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        self.records.append(Logged(place, key, value, now_ms, headers))
