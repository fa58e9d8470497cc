"""What a connector reads of market data: a made flow of commands, matched and told by the stages'
own code, as events of the topics."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bench.flow import SYMBOLS, Flow
from connectors.event import Event, Place
from schemas.instruments import Instrument
from schemas.partitioning import partition_of
from schemas.topics import (
    CANDLES,
    DEFAULT_KEYED_PARTITIONS,
    ORDERBOOK_SNAPSHOTS,
    ORDERBOOK_UPDATES,
    ORDERS_ORDERS,
    TICKERS,
    TRADES,
)
from streams.domain.market import Market
from streams.domain.market_data import MarketData

_ROUND = 50
"""Commands between two looks at the best prices, as a worker's round has them."""


class MarketEvents:
    """An endless log of trades, books, candles, tickers and sagas; the same for the same seed."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        *,
        logged_ms: int,
        resting: int = 2_000,
        seed: int = 1,
    ) -> None:
        """``logged_ms`` is what the broker says of each record."""
        self._flow = Flow(instruments, resting=resting, seed=seed)
        self._markets = {symbol: Market(rules) for symbol, rules in instruments.items()}
        self._data = MarketData(instruments, 0)
        self._partitions = {
            symbol: partition_of(symbol.encode(), DEFAULT_KEYED_PARTITIONS) for symbol in SYMBOLS
        }
        self._logged_ms = logged_ms
        self._ends: Counter[Place] = Counter()
        self._sagas = 0
        self._is_begun = False

    def take(self, commands: int) -> list[Event]:
        """What so many further commands lead to, in the order of each partition."""
        return list(self._events(commands))

    def _events(self, count: int) -> Iterator[Event]:
        first = [] if self._is_begun else self._flow.fill()
        self._is_begun = True
        commands = first + self._flow.take(count)
        changed: dict[str, None] = {}
        for number, (kind, command) in enumerate(commands, start=1):
            symbol = command["symbol"]
            outcome = self._markets[symbol].apply(kind, command)
            for trade in outcome.trades:
                yield from self._traded(symbol, dict(trade.as_record()))
            if outcome.depth is not None:
                changed[symbol] = None
                yield from self._updated(symbol, dict(outcome.depth.as_record()))
            if outcome.trades:
                yield self._saga(command)
            if number % _ROUND == 0:
                yield from self._best_prices(changed)
                changed = {}

    def _traded(self, symbol: str, trade: dict[str, Any]) -> Iterator[Event]:
        yield self._event(TRADES.name, symbol, "Trade", trade)
        data = self._data.symbol(symbol)
        assert data is not None
        candles, ticker = data.trade(trade)
        for candle in candles:
            yield self._event(CANDLES.name, symbol, "Candle", dict(candle.as_record()))
        if ticker is not None:
            yield self._event(TICKERS.name, symbol, "Ticker", dict(ticker))

    def _updated(self, symbol: str, update: dict[str, Any]) -> Iterator[Event]:
        event = self._event(ORDERBOOK_UPDATES.name, symbol, "DepthUpdate", update)
        yield event
        book = self._data.book(symbol)
        if book.apply(update) and book.is_snapshot_due():
            snapshot = dict(book.snapshot(event.offset))
            yield self._event(ORDERBOOK_SNAPSHOTS.name, symbol, "DepthSnapshot", snapshot)

    def _best_prices(self, symbols: Mapping[str, None]) -> Iterator[Event]:
        for symbol in symbols:
            ticker = self._data.book(symbol).take_ticker()
            if ticker is not None:
                yield self._event(TICKERS.name, symbol, "BookTicker", dict(ticker))

    def _saga(self, command: Mapping[str, Any]) -> Event:
        self._sagas += 1
        row = {
            "saga_id": command["command_id"],
            "account_id": command["account_id"],
            "symbol": command["symbol"],
            "client_order_id": "",
            "state": ("COMPLETED", "FAILED", "FUNDS_RESERVED")[self._sagas % 3],
            "reason": "NONE",
            "hold_id": "",
            "order_id": 0,
            "order_status": "NONE",
            "last_execution_id": 0,
            "requested_ms": 0,
            "submitted_ms": 0,
            "closed_ms": self._logged_ms if self._sagas % 3 < 2 else 0,
            "steps": [],
            "payload": b"",
            "waiting": [],
            "report": b"",
        }
        return self._event(ORDERS_ORDERS.name, command["symbol"], "OrderSagaRow", row)

    def _event(self, topic: str, symbol: str, name: str, record: Mapping[str, Any]) -> Event:
        place = Place(topic, self._partitions[symbol])
        # Markers of transactions take offsets too.
        offset = self._ends[place] + (self._ends[place] % 97 == 0)
        self._ends[place] = offset + 1
        return Event(place, offset, symbol.encode(), name, record, {}, self._logged_ms)
