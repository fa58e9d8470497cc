"""A symbol's last 24 hours, as told by its Tickers and by the trades since the last of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from web.state.traded_sums import Sums
from web.state.windows import DAY_MS, MINUTE_MS

Record = Mapping[str, Any]


class DayTicker:
    """The rolling day; without any trade ever all numbers are 0.

    A Ticker is told once a second; a client that has just traded looks earlier.  The window begins
    on a whole minute, and is up to a minute longer.
    """

    __slots__ = (
        "_told_ms",
        "last_lots",
        "last_ticks",
        "last_time_ms",
        "previous_close_ticks",
        "sums",
    )

    def __init__(self) -> None:
        self._told_ms = 0
        self.sums = Sums()
        """Of the trades in the window; without those of takers alone."""
        self.previous_close_ticks = 0
        """The price of the last trade before it."""
        self.last_ticks = self.last_lots = self.last_time_ms = 0

    def restart(self, ticker: Record, trades: Iterable[Record]) -> None:
        """Begin with a Ticker; ``trades`` are the newest, of which some came behind it."""
        self._told_ms = ticker["close_time_ms"]
        self.previous_close_ticks = ticker["previous_close_ticks"]
        self.last_ticks, self.last_lots = ticker["last_ticks"], ticker["last_lots"]
        self.last_time_ms = ticker["last_time_ms"]
        sums = self.sums = Sums()
        if ticker["trades"]:
            sums.first_trade_id = ticker["first_trade_id"]
            sums.last_trade_id = ticker["last_trade_id"]
            sums.open_ticks, sums.close_ticks = ticker["open_ticks"], ticker["last_ticks"]
            sums.high_ticks, sums.low_ticks = ticker["high_ticks"], ticker["low_ticks"]
            sums.lots, sums.quote_units = ticker["volume_lots"], ticker["quote_volume_units"]
            sums.trades = ticker["trades"]
        for trade in trades:
            self.add(trade)

    def add(self, trade: Record) -> None:
        """Count a trade, unless it was counted, or others before it are missing."""
        trade_id = trade["trade_id"]
        if self.sums.trades:
            if trade_id != self.sums.last_trade_id + 1:
                return
        elif trade["time_ms"] < self._told_ms or (not self._told_ms and trade_id != 1):
            return
        else:
            self.previous_close_ticks = self.last_ticks
        self.sums.add_trade(trade)
        self.last_ticks, self.last_lots = trade["price_ticks"], trade["quantity_lots"]
        self.last_time_ms = trade["time_ms"]


def day_opening(now_ms: int) -> int:
    """When the last 24 hours began: on a whole minute."""
    return now_ms - now_ms % MINUTE_MS - DAY_MS
