"""Streams of tickers: the last hours in numbers, once a second where they have changed."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from web.binance.streams import payloads
from web.binance.streams.depth_window import Level
from web.binance.streams.names import SECOND_MS
from web.binance.streams.stream import NOTHING, StateStream, Stream
from web.fanout.message import Message
from web.state.markets import SymbolMarket
from web.state.rolling_window import RollingWindow, rolling_window, window_open_ms
from web.state.trades_time import TradesTime

MINUTES = {"1h": 60, "4h": 240}
"""Of the windows that are made of candles of a minute."""


class TickerStream(StateStream):
    """A symbol's last 24 hours, of which one of three things is shown."""

    period_ms = SECOND_MS

    def __init__(self, name: str, market: SymbolMarket) -> None:
        super().__init__(name)
        self._market = market

    def version(self) -> Hashable:
        """Of the last Ticker; None: nothing was ever traded."""
        ticker = self._market.ticker
        return None if ticker is None else (ticker["close_time_ms"], ticker["last_trade_id"])


class MiniTickerStream(TickerStream):
    """Prices and volumes."""

    def content(self) -> Any:
        """Of the last Ticker."""
        assert self._market.ticker is not None
        return payloads.mini_ticker(self._market.instrument, self._market.ticker)


class AveragePriceStream(TickerStream):
    """The average price of five minutes."""

    def content(self) -> Any:
        """Of the last Ticker."""
        assert self._market.ticker is not None
        return payloads.average_price(self._market.instrument, self._market.ticker)


class FullTickerStream(TickerStream):
    """All there is, the best prices too."""

    def version(self) -> Hashable:
        """Of the last Ticker and of the best prices."""
        version = super().version()
        return None if version is None else (version, self._best())

    def content(self) -> Any:
        """The last Ticker and the best prices."""
        assert self._market.ticker is not None
        return payloads.full_ticker(self._market.instrument, self._market.ticker, *self._best())

    def _best(self) -> tuple[Level | None, Level | None]:
        return self._market.book.bids.best(), self._market.book.asks.best()


class RollingTickerStream(TickerStream):
    """A symbol's last hours, from its candles of a minute."""

    def __init__(self, name: str, market: SymbolMarket, times: TradesTime, *, size: str) -> None:
        super().__init__(name, market)
        self._times = times
        self._size = size

    def version(self) -> Hashable:
        """When the window begins, and what was traded last; None: nothing ever."""
        if self._market.ticker is None:
            return None
        newest = self._market.candle_series("1m").newest()
        traded = newest and (newest["open_time_ms"], newest["trades"])
        return window_open_ms(self._now_ms(), MINUTES[self._size]), traded

    def content(self) -> Any:
        """The window's numbers."""
        assert self._market.ticker is not None
        now_ms, minutes = self._now_ms(), MINUTES[self._size]
        window = rolling_window(
            self._market.instrument,
            self._market.candle_series("1m").since(window_open_ms(now_ms, minutes)),
            minutes=minutes,
            now_ms=now_ms,
            last_ticks=self._market.ticker["last_ticks"],
        )
        return payloads.rolling_ticker(self._market.instrument, self._size, window)

    def _now_ms(self) -> int:
        assert self._market.ticker is not None
        told: int = self._market.ticker["close_time_ms"]
        return max(told, self._times.at(self._market.instrument.symbol))


class DayTickerStream(TickerStream):
    """A symbol's last day as a rolling window, which is what a Ticker tells of."""

    def content(self) -> Any:
        """The numbers of the last Ticker."""
        assert self._market.ticker is not None
        window = RollingWindow.of_day(self._market.ticker)
        return payloads.rolling_ticker(self._market.instrument, "1d", window)


class TickerArrayStream(Stream):
    """Those of all symbols that have changed, in one message."""

    period_ms = SECOND_MS

    def __init__(self, name: str, each: Sequence[StateStream]) -> None:
        super().__init__(name)
        self._each = each

    def begin(self) -> None:
        """What there is now is no news."""
        for one in self._each:
            one.begin()

    def tick(self) -> Iterable[Message]:
        """Those that have changed since the last time."""
        changed = [content for one in self._each if (content := one.changed()) is not None]
        return (self._message(changed),) if changed else NOTHING

    def current(self) -> Iterable[Message]:
        """All of them."""
        known = self._known()
        return (self._message(known),) if known else NOTHING

    def _known(self) -> list[Any]:
        return [one.content() for one in self._each if one.version() is not None]

    def _message(self, content: list[Any]) -> Message:
        # The newest array does not say what an older one has said of other symbols.
        return Message(
            self.name, content, key=self.name, whole=lambda: Message(self.name, self._known())
        )
