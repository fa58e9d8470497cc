"""The last 24 hours of one symbol, by whole minutes.

Binance's rule for rolling windows: the window begins on a whole minute, and so is up to 59 999 ms
longer than asked for (https://developers.binance.com, «Rolling window price change statistics»).
"""

from collections import deque
from typing import Final

from streams.domain.candle import CandleSums
from streams.domain.candle_intervals import MINUTE_MS

DAY_MINUTES: Final = 1_440
AVERAGE_MINUTES: Final = 5


class RollingDay:
    """The closed minutes of the window, with their sums kept up to date."""

    __slots__ = (
        "previous_close_ticks",
        "volume_lots",
        "quote_volume_units",
        "trades",
        "_minutes",
        "_highs",
        "_lows",
    )

    def __init__(self, previous_close_ticks: int = 0) -> None:
        self.previous_close_ticks = previous_close_ticks
        """Price of the last trade before the window; 0: none is known."""
        self.volume_lots = 0
        self.quote_volume_units = 0
        self.trades = 0
        self._minutes: deque[tuple[int, CandleSums]] = deque()
        # Minutes that may still become the highest or lowest one, the present one first.
        self._highs: deque[tuple[int, int]] = deque()
        self._lows: deque[tuple[int, int]] = deque()

    def add(self, open_ms: int, minute: CandleSums) -> None:
        """Count a minute that has closed, later than all before it."""
        self._minutes.append((open_ms, minute))
        self.volume_lots += minute.volume_lots
        self.quote_volume_units += minute.quote_volume_units
        self.trades += minute.trades
        while self._highs and self._highs[-1][1] <= minute.high_ticks:
            self._highs.pop()
        self._highs.append((open_ms, minute.high_ticks))
        while self._lows and self._lows[-1][1] >= minute.low_ticks:
            self._lows.pop()
        self._lows.append((open_ms, minute.low_ticks))

    def drop_before(self, open_ms: int) -> list[int]:
        """Forget the minutes that began before; which ones those were."""
        gone: list[int] = []
        minutes = self._minutes
        while minutes and minutes[0][0] < open_ms:
            old_ms, minute = minutes.popleft()
            gone.append(old_ms)
            self.volume_lots -= minute.volume_lots
            self.quote_volume_units -= minute.quote_volume_units
            self.trades -= minute.trades
            self.previous_close_ticks = minute.close_ticks
        while self._highs and self._highs[0][0] < open_ms:
            self._highs.popleft()
        while self._lows and self._lows[0][0] < open_ms:
            self._lows.popleft()
        return gone

    def sums(self, open_minutes: CandleSums) -> CandleSums:
        """The closed minutes and those that are still open, as one."""
        closed = CandleSums()
        if self._minutes:
            first, last = self._minutes[0][1], self._minutes[-1][1]
            closed.first_trade_id = first.first_trade_id
            closed.open_ticks = first.open_ticks
            closed.last_trade_id = last.last_trade_id
            closed.close_ticks = last.close_ticks
            closed.high_ticks = self._highs[0][1]
            closed.low_ticks = self._lows[0][1]
            closed.volume_lots = self.volume_lots
            closed.quote_volume_units = self.quote_volume_units
            closed.trades = self.trades
        whole = CandleSums()
        whole.add(closed)
        whole.add(open_minutes)
        return whole

    def lately(self, open_ms: int, open_minutes: CandleSums) -> CandleSums:
        """What traded from ``open_ms`` on."""
        whole = open_minutes.copy()
        for began_ms, minute in reversed(self._minutes):
            if began_ms < open_ms:
                break
            whole.add(minute)
        return whole


def window_open_ms(now_ms: int, minutes: int) -> int:
    """When a rolling window of so many minutes begins: on a whole minute."""
    return now_ms - now_ms % MINUTE_MS - minutes * MINUTE_MS
