"""The windows of candles: where they begin, in UTC or in another time zone.

Boundaries are Binance's: weeks begin on Monday, months on their first day, windows of three days
count from the epoch, all by the clock of the time zone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
_WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 4 * DAY_MS
"""The epoch was a Thursday; this is the first Monday."""
_MONTH_DAYS_MAX = 31
_EPOCH_YEAR = 1970
TIME_MAX_MS = 253_370_764_800_000
"""The year 9999: no window begins later."""

_UNITS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": _WEEK_MS}

INTERVALS = (
    *("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h"),
    *("4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"),
)
"""All intervals of candles, the shortest first."""

LENGTHS_MS: Mapping[str, int] = {
    name: _MONTH_DAYS_MAX * DAY_MS if name == "1M" else int(name[:-1]) * _UNITS[name[-1]]
    for name in INTERVALS
}
"""How long a window is; of a month the longest."""


class Windows:
    """The windows of an interval, numbered without gaps; ``shift_ms`` is the zone's lead on UTC."""

    __slots__ = ("_is_month", "_length_ms", "_origin_ms", "interval", "shift_ms")

    def __init__(self, interval: str, shift_ms: int = 0) -> None:
        self.interval = interval
        self.shift_ms = shift_ms
        self._is_month = interval == "1M"
        self._length_ms = LENGTHS_MS[interval]
        self._origin_ms = (_MONDAY_MS if interval == "1w" else 0) - shift_ms

    def at(self, time_ms: int) -> int:
        """The number of the window that holds a time."""
        if not self._is_month:
            return (time_ms - self._origin_ms) // self._length_ms
        seconds = min(max(time_ms + self.shift_ms, 0), TIME_MAX_MS) // 1_000
        moment = datetime.fromtimestamp(seconds, UTC)
        return (moment.year - _EPOCH_YEAR) * 12 + moment.month - 1

    def opening(self, number: int) -> int:
        """When a window begins."""
        if not self._is_month:
            return number * self._length_ms + self._origin_ms
        year, month = divmod(number, 12)
        moment = datetime(_EPOCH_YEAR + year, month + 1, 1, tzinfo=UTC)
        return int(moment.timestamp()) * 1_000 - self.shift_ms

    def closing(self, number: int) -> int:
        """A window's last millisecond."""
        return self.opening(number + 1) - 1

    def source(self) -> str:
        """The longest interval whose windows in UTC the ones here are made of."""
        if self.shift_ms % min(self._length_ms, DAY_MS) == 0:
            return self.interval
        for name in reversed(INTERVALS):
            length_ms = LENGTHS_MS[name]
            if length_ms < DAY_MS and not (
                min(self._length_ms, DAY_MS) % length_ms or self.shift_ms % length_ms
            ):
                return name
        raise ValueError(f"a time zone of {self.shift_ms} ms is no whole number of seconds")
