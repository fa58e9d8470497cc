"""Streams of books: changed levels, best levels, best prices."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from web.binance.streams import payloads
from web.binance.streams.depth_window import DepthDiff, DepthWindow
from web.binance.streams.stream import NOTHING, StateStream, Stream
from web.fanout.message import Message
from web.state.markets import SymbolMarket

UPDATE = "DepthUpdate"


class DepthStream(Stream):
    """The levels that changed; each event begins where the one before has ended."""

    def __init__(self, name: str, market: SymbolMarket, *, period_ms: int) -> None:
        super().__init__(name)
        self.period_ms = period_ms
        self.reads = ((UPDATE, market.instrument.symbol),)
        self._rules = market.instrument
        self._window = DepthWindow()

    def on_record(self, record: Mapping[str, Any]) -> Iterable[Message]:
        """Add an update up; where some are missing, tell first what was before them."""
        return self._messages(self._window.add(record))

    def tick(self) -> Iterable[Message]:
        """What has changed since the last time."""
        return self._messages(self._window.take())

    def _messages(self, diff: DepthDiff | None) -> Iterable[Message]:
        if diff is None:
            return NOTHING
        return (Message(self.name, payloads.depth_update(self._rules, diff)),)


class PartialDepthStream(StateStream):
    """The best levels of both sides."""

    def __init__(self, name: str, market: SymbolMarket, *, levels: int, period_ms: int) -> None:
        super().__init__(name)
        self.period_ms = period_ms
        self._market = market
        self._levels = levels

    def version(self) -> Hashable:
        """The book's last change; None: it was never changed."""
        return self._market.book.last_update_id or None

    def content(self) -> Any:
        """The levels."""
        book = self._market.book
        return payloads.partial_depth(
            self._market.instrument,
            book.last_update_id,
            book.bids.top(self._levels),
            book.asks.top(self._levels),
        )


class BookTickerStream(StateStream):
    """The best bid and ask, whenever they change."""

    def __init__(self, name: str, market: SymbolMarket) -> None:
        super().__init__(name)
        self.reads = ((UPDATE, market.instrument.symbol),)
        self._market = market

    def version(self) -> Hashable:
        """The best prices; None: the book was never changed."""
        book = self._market.book
        return (book.bids.best(), book.asks.best()) if book.last_update_id else None

    def content(self) -> Any:
        """The best prices with their quantities."""
        book = self._market.book
        return payloads.book_ticker(
            self._market.instrument, book.last_update_id, book.bids.best(), book.asks.best()
        )


class AllBookTickersStream(Stream):
    """Every symbol's best bid and ask, whenever they change."""

    def __init__(self, name: str, markets: Iterable[SymbolMarket]) -> None:
        super().__init__(name)
        self._each = {
            market.instrument.symbol: BookTickerStream(name, market) for market in markets
        }
        self.reads = tuple((UPDATE, symbol) for symbol in self._each)

    def begin(self) -> None:
        """What there is now is no news."""
        for each in self._each.values():
            each.begin()

    def on_record(self, record: Mapping[str, Any]) -> Iterable[Message]:
        """The best prices of the update's symbol, if it has changed them."""
        content = self._each[record["symbol"]].changed()
        return NOTHING if content is None else (self._message(content),)

    def current(self) -> Iterable[Message]:
        """The best prices of all symbols, each in a message of its own."""
        known = (each for each in self._each.values() if each.version() is not None)
        return [self._message(each.content()) for each in known]

    def _message(self, content: Any) -> Message:
        return Message(self.name, content, key=(self.name, content["s"]))
