"""Streams of candles: the window that is open now and then, and each once more when it is over."""

from collections.abc import Iterable
from typing import Any

from web.binance.streams import payloads
from web.binance.streams.stream import Stream
from web.binance.streams.windows import Candle, Grid, told_until_ms, windows
from web.fanout.message import Message
from web.state.markets import SymbolMarket
from web.state.trades_time import TradesTime

_Version = tuple[int, int, bool]
"""A window's opening, its trades, and whether it is over: later ones are greater."""


class KlineStream(Stream):
    """The candles of one symbol on one grid."""

    def __init__(
        self, name: str, market: SymbolMarket, times: TradesTime, grid: Grid, *, period_ms: int
    ) -> None:
        super().__init__(name)
        self.period_ms = period_ms
        self._market = market
        self._times = times
        self._grid = grid
        self._told: _Version = (0, 0, False)

    def begin(self) -> None:
        """The window that is the newest now is no news."""
        for candle in self._shown()[-1:]:
            self._told = _version(candle)

    def tick(self) -> Iterable[Message]:
        """Windows that have changed or ended since the last time."""
        news = [candle for candle in self._shown() if _version(candle) > self._told]
        if news:
            self._told = _version(news[-1])
        return map(self._message, news)

    def current(self) -> Iterable[Message]:
        """The newest window."""
        return map(self._message, self._shown()[-1:])

    def _shown(self) -> list[Candle]:
        """The windows from the one that was told last."""
        series = self._market.candle_series(self._grid.source)
        newest = series.newest()
        if newest is None:
            return []
        symbol = self._market.instrument.symbol
        until_ms = told_until_ms(
            newest, last_trade_ms=self._times.last_trade(symbol), now_ms=self._times.at(symbol)
        )
        newest_open_ms = self._grid.open_ms(newest["open_time_ms"])
        from_ms = min(self._told[0] or newest_open_ms, newest_open_ms)
        # A window in which nothing was traded has no candle: what it shows is the one before it.
        before = series.before(from_ms + 1)
        if before is not None:
            from_ms = self._grid.open_ms(before["open_time_ms"])
        return windows(series.since(from_ms), self._grid, told_until_ms=until_ms)

    def _message(self, candle: dict[str, Any]) -> Message:
        symbol = self._market.instrument.symbol
        # By the log's time; what is told of a window is not older than the window.
        event_ms = max(self._times.at(symbol), candle["open_time_ms"])
        content = payloads.kline(self._market.instrument, candle, event_ms)
        # Whoever waits for the end of each window does not miss one.
        return Message(self.name, content, key=(self.name, candle["open_time_ms"]))


def _version(candle: Candle) -> _Version:
    return candle["open_time_ms"], candle["trades"], candle["is_closed"]
