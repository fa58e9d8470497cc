"""Market data of one partition: what trades and depth updates of its symbols say to people."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, cast

from schemas.instruments import Instrument
from schemas.market_records import (
    Candle,
    MarketBookRow,
    MarketLevelRow,
    MarketSymbolRow,
    Ticker,
)
from streams.domain.candle import CandleEvent
from streams.domain.candle_series import CandleSeries
from streams.domain.market_book import MarketBook
from streams.domain.seen_ids import SeenIds
from streams.domain.symbol_ticker import SymbolTicker

MarketRow = Candle | MarketSymbolRow | MarketBookRow | MarketLevelRow
Told = tuple[list[CandleEvent], Ticker | None]
"""Candles, and the ticker if it is to be told."""


class SymbolData:
    """Candles and ticker of one symbol."""

    __slots__ = ("series", "ticker", "_is_changed")

    def __init__(
        self, instrument: Instrument, grace_ms: int, previous_close_ticks: int = 0
    ) -> None:
        self.series = CandleSeries(instrument.symbol, grace_ms)
        self.ticker = SymbolTicker(instrument, previous_close_ticks)
        self._is_changed = False

    def load(self, row: MarketSymbolRow, candles: Iterable[Candle]) -> None:
        """Go on from rows."""
        series, ticker = self.series, self.ticker
        series.watermark_ms = row["watermark_ms"]
        series.told_ms = row["told_ms"]
        series.is_told = row["is_told"]
        series.late_trades = row["late_trades"]
        series.repeated_trades = row["repeated_trades"]
        series.seen = SeenIds(row["seen"])
        ticker.last_trade_id = row["last_trade_id"]
        ticker.last_ticks = row["last_ticks"]
        ticker.last_lots = row["last_lots"]
        ticker.last_time_ms = row["last_time_ms"]
        for candle in sorted(candles, key=_opening):
            if candle["is_closed"]:
                ticker.load_minute(candle)
            else:
                series.load_window(candle)

    def trade(self, trade: Mapping[str, Any]) -> Told:
        """Count a trade; what is to be told comes of the time that it tells, before itself."""
        time_ms: int = trade["time_ms"]
        told = self.advance(time_ms)
        self._is_changed = True
        trade_id: int = trade["trade_id"]
        price: int = trade["price_ticks"]
        lots: int = trade["quantity_lots"]
        is_taker_buy = not trade["is_buyer_maker"]
        quote_units: int = trade["quote_units"]
        if self.series.add(trade_id, price, lots, quote_units, is_taker_buy, time_ms):
            self.ticker.add(trade_id, price, lots, time_ms)
        return told

    def advance(self, time_ms: int) -> Told:
        """Let time pass."""
        series, ticker = self.series, self.ticker
        if time_ms <= series.watermark_ms:
            return [], None
        told_ms, was_told = series.told_ms, series.is_told
        self._is_changed = True
        candles = series.advance(time_ms)
        for event in candles:
            if event.is_closed:
                ticker.close(event)
        if series.told_ms == told_ms:
            return candles, None
        is_due = ticker.drop_before(time_ms) or not was_told
        return candles, ticker.record(series, time_ms) if is_due else None

    def take_changes(self) -> dict[str, MarketRow | None]:
        """The rows that changed since the last call; None where one is gone."""
        rows: dict[str, MarketRow | None] = {}
        if not self._is_changed:
            return rows
        self._is_changed = False
        rows.update(self.series.take_changes())
        # Behind the windows: a closed minute stands under the key that it had while it was open.
        rows.update(self.ticker.take_changes())
        rows[self.series.symbol] = self._row()
        return rows

    def _row(self) -> MarketSymbolRow:
        series, ticker = self.series, self.ticker
        return {
            "symbol": series.symbol,
            "watermark_ms": series.watermark_ms,
            "seen": series.seen.rows(),
            "late_trades": series.late_trades,
            "repeated_trades": series.repeated_trades,
            "last_trade_id": ticker.last_trade_id,
            "last_ticks": ticker.last_ticks,
            "last_lots": ticker.last_lots,
            "last_time_ms": ticker.last_time_ms,
            "previous_close_ticks": ticker.day.previous_close_ticks,
            "told_ms": series.told_ms,
            "is_told": series.is_told,
        }


class MarketData:
    """The symbols of one partition."""

    __slots__ = ("_instruments", "_grace_ms", "symbols", "books", "_touched", "_uncounted")

    def __init__(self, instruments: Mapping[str, Instrument], grace_ms: int) -> None:
        self._instruments = instruments
        self._grace_ms = grace_ms
        self.symbols: dict[str, SymbolData] = {}
        self.books: dict[str, MarketBook] = {}
        self._touched: dict[str, None] = {}
        self._uncounted: dict[str, tuple[int, int]] = {}

    @classmethod
    def restore(
        cls, instruments: Mapping[str, Instrument], grace_ms: int, rows: Iterable[MarketRow]
    ) -> "MarketData":
        """The market data whose rows these are; symbols that are no longer traded are left out."""
        data = cls(instruments, grace_ms)
        candles: dict[str, list[Candle]] = defaultdict(list)
        levels: dict[str, list[MarketLevelRow]] = defaultdict(list)
        symbols: list[MarketSymbolRow] = []
        books: list[MarketBookRow] = []
        for row in rows:
            if "interval" in row:
                candles[row["symbol"]].append(cast(Candle, row))
            elif "is_bid" in row:
                levels[row["symbol"]].append(cast(MarketLevelRow, row))
            elif "watermark_ms" in row:
                symbols.append(cast(MarketSymbolRow, row))
            else:
                books.append(row)
        for symbol_row in symbols:
            name = symbol_row["symbol"]
            if name in instruments:
                symbol = SymbolData(instruments[name], grace_ms, symbol_row["previous_close_ticks"])
                symbol.load(symbol_row, candles[name])
                data.symbols[name] = symbol
                data._uncounted[name] = (symbol_row["late_trades"], symbol_row["repeated_trades"])
        for book_row in books:
            book = data.books[book_row["symbol"]] = MarketBook(book_row["symbol"])
            book.load(book_row, levels[book_row["symbol"]])
        return data

    def symbol(self, name: str) -> SymbolData | None:
        """A symbol that trades; None where there is no such instrument."""
        self._touched[name] = None
        symbol = self.symbols.get(name)
        if symbol is None and name in self._instruments:
            symbol = self.symbols[name] = SymbolData(self._instruments[name], self._grace_ms)
        return symbol

    def advance(self, time_ms: int) -> list[Told]:
        """Let time pass for every symbol."""
        told: list[Told] = []
        for name, symbol in self.symbols.items():
            self._touched[name] = None
            told.append(symbol.advance(time_ms))
        return told

    def book(self, name: str) -> MarketBook:
        """The book of a symbol."""
        self._touched[name] = None
        book = self.books.get(name)
        if book is None:
            book = self.books[name] = MarketBook(name)
        return book

    def take_uncounted(self) -> list[tuple[str, str, int]]:
        """Symbol, why, and how many of its trades were in no candle since the last call."""
        found: list[tuple[str, str, int]] = []
        for name in self._touched:
            symbol = self.symbols.get(name)
            if symbol is None:
                continue
            late, repeated = symbol.series.late_trades, symbol.series.repeated_trades
            known = self._uncounted.get(name, (0, 0))
            if (late, repeated) != known:
                self._uncounted[name] = (late, repeated)
                counts = (("late", late - known[0]), ("repeated", repeated - known[1]))
                found += [(name, why, count) for why, count in counts if count]
        return found

    def take_changes(self) -> dict[str, MarketRow | None]:
        """The rows that changed since the last call; None where one is gone."""
        rows: dict[str, MarketRow | None] = {}
        for name in self._touched:
            symbol, book = self.symbols.get(name), self.books.get(name)
            if symbol is not None:
                rows.update(symbol.take_changes())
            if book is not None:
                rows.update(cast("dict[str, MarketRow | None]", book.take_changes()))
        self._touched = {}
        return rows


def _opening(candle: Candle) -> int:
    return candle["open_time_ms"]
