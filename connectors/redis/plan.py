"""What a batch comes to: each key once, as the last record left it; and what is to be told."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors.event import Event
from connectors.redis.book_changes import BookChanges, counted
from connectors.redis.candle_series import CandleForm
from connectors.redis.keys import CACHED_KINDS, Keys
from connectors.redis.payloads import (
    candle_payload,
    depth_payload,
    ticker_payload,
    trade_payload,
)
from connectors.redis.saga_uuid import saga_uuid
from connectors.redis.scales import Scales
from connectors.redis.ticker_fields import book_ticker_fields, ticker_fields

SAGA_SECONDS = 86_400
"""How long the end of a saga is remembered, from that end on."""

_ENDED = {"COMPLETED", "FAILED"}


class BatchPlan:
    """The operations of one batch, for ``write_batch.lua``.

    ``now_ms`` decides what is past: sagas whose day is over are not written, and of records
    logged before ``tell_from_ms`` nobody is told.
    """

    def __init__(
        self, keys: Keys, scales: Scales, candle_form: CandleForm, *, now_ms: int, tell_from_ms: int
    ) -> None:
        self._keys = keys
        self._scales = scales
        self._candle_form = candle_form
        self._now_ms = now_ms
        self._tell_from_ms = tell_from_ms
        self._prices: dict[str, int] = {}
        self._tickers: dict[str, dict[str, str | int]] = defaultdict(dict)
        self._books: dict[str, BookChanges] = defaultdict(BookChanges)
        self._candles: dict[tuple[str, str], dict[int, Mapping[str, Any]]] = defaultdict(dict)
        self._sagas: dict[str, int] = {}
        self._messages: dict[str, list[str | int]] = defaultdict(list)
        self._handlers: dict[str, Callable[[Event], None]] = {
            "Trade": self._trade,
            "Ticker": self._ticker,
            "BookTicker": self._book_ticker,
            "DepthUpdate": self._depth,
            "DepthSnapshot": self._snapshot,
            "Candle": self._candle,
            "OrderSagaRow": self._saga,
        }

    def add(self, events: Iterable[Event]) -> None:
        """Take records in; ticks and other rows of the stages' tables say nothing here.

        Raises:
            StoreDownError: a symbol is none of the instruments.
        """
        handlers = self._handlers
        for event in events:
            handler = handlers.get(event.name)
            if handler is not None:
                handler(event)

    def _trade(self, event: Event) -> None:
        trade = event.record
        symbol = trade["symbol"]
        self._prices[symbol] = trade["price_ticks"]
        if event.timestamp_ms >= self._tell_from_ms:
            payload = trade_payload(trade, self._scales.of(symbol))
            self._messages[self._keys.channel("trades", symbol)].append(payload)

    def _ticker(self, event: Event) -> None:
        symbol = event.record["symbol"]
        self._take_fields(event, "24hrTicker", ticker_fields(event.record, self._scales.of(symbol)))

    def _book_ticker(self, event: Event) -> None:
        symbol = event.record["symbol"]
        fields = book_ticker_fields(event.record, self._scales.of(symbol))
        self._take_fields(event, "bookTicker", fields)

    def _take_fields(self, event: Event, name: str, fields: dict[str, str | int]) -> None:
        symbol = event.record["symbol"]
        self._tickers[symbol].update(fields)
        if event.timestamp_ms >= self._tell_from_ms:
            channel = self._keys.channel("tickers", symbol)
            self._messages[channel].append(ticker_payload(name, fields, self._scales.of(symbol)))

    def _depth(self, event: Event) -> None:
        update = event.record
        symbol = update["symbol"]
        self._books[symbol].add(update)
        if event.timestamp_ms >= self._tell_from_ms:
            payload = depth_payload(update, self._scales.of(symbol))
            self._messages[self._keys.channel("depth", symbol)].append(payload)

    def _snapshot(self, event: Event) -> None:
        self._books[event.record["symbol"]].add_snapshot(event.record)

    def _candle(self, event: Event) -> None:
        candle = event.record
        symbol, interval = candle["symbol"], candle["interval"]
        self._candles[symbol, interval][candle["open_time_ms"]] = candle
        if event.timestamp_ms >= self._tell_from_ms:
            payload = candle_payload(candle, self._scales.of(symbol), event.timestamp_ms)
            self._messages[self._keys.channel("candles", symbol, interval)].append(payload)

    def _saga(self, event: Event) -> None:
        row = event.record
        if row["state"] in _ENDED:
            until = row["closed_ms"] // 1_000 + SAGA_SECONDS
            if until * 1_000 > self._now_ms:
                self._sagas[saga_uuid(row["account_id"], row["saga_id"])] = until

    def members(self) -> set[str]:
        """Each symbol in it, and ``symbol:interval`` of its candles."""
        series = {f"{symbol}:{interval}" for symbol, interval in self._candles}
        return {*self._prices, *self._tickers, *self._books, *series}

    def arguments(self, new_members: Iterable[str]) -> list[str | int]:
        """The script's operations; ``new_members`` are what ``symbols:redis`` has not yet."""
        keys, scale_of = self._keys, self._scales.of
        arguments: list[str | int] = []
        members = sorted(new_members)
        if members:
            arguments += ("members", keys.symbols, keys.candle_form, self._candle_form.name)
            arguments += counted(members)
        for symbol, ticks in self._prices.items():
            arguments += ("set", keys.price(symbol), scale_of(symbol).price(ticks))
        for symbol, fields in self._tickers.items():
            flat: list[str | int] = [part for field in fields.items() for part in field]
            arguments += ("hash", keys.ticker(symbol), *counted(flat))
        for symbol, book in self._books.items():
            arguments += book.arguments(keys.book(symbol), scale_of(symbol))
        for (symbol, interval), candles in self._candles.items():
            in_order = [candles[opening] for opening in sorted(candles)]
            arguments += self._candle_form.arguments(symbol, interval, in_order, scale_of(symbol))
        for uuid, until in self._sagas.items():
            arguments += ("set_until", keys.saga(uuid), "1", until)
        stale = self._stale_copies()
        if stale:
            arguments += ("forget", *counted(stale))
        for channel, messages in self._messages.items():
            arguments += ("publish", channel, *counted(messages))
        return arguments

    def _stale_copies(self) -> list[str | int]:
        written: tuple[Iterable[str], ...] = (self._prices, self._tickers, self._books)
        return [
            self._keys.cached(kind, symbol)
            for kind, symbols in zip(CACHED_KINDS, written, strict=True)
            for symbol in symbols
        ]
