"""The intervals of candles, and where their windows begin.

Names and boundaries are Binance's: all in UTC, weeks begin on Monday, months on their first day,
windows of three days count from the epoch.  Each interval's windows are made of whole windows of a
shorter one, so a candle is exactly what its shorter ones add up to.
"""

from typing import Final

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
_WEEK_MS: Final = 7 * DAY_MS
_MONDAY_MS: Final = 4 * DAY_MS
"""The epoch was a Thursday; this is the first Monday."""


class Interval:
    """One interval; ``source`` is the place of the one that it is made of, -1: of trades."""

    __slots__ = ("name", "place", "source", "length_ms", "offset_ms")

    def __init__(
        self, name: str, place: int, source: int, length_ms: int, offset_ms: int = 0
    ) -> None:
        self.name = name
        self.place = place
        self.source = source
        self.length_ms = length_ms
        """0: a calendar month."""
        self.offset_ms = offset_ms

    def open_ms(self, time_ms: int) -> int:
        """When the window that holds ``time_ms`` begins."""
        if self.length_ms:
            return time_ms - (time_ms - self.offset_ms) % self.length_ms
        return month_open_ms(time_ms)

    def end_ms(self, open_ms: int) -> int:
        """When the window that begins at ``open_ms`` is over: the next one's beginning."""
        if self.length_ms:
            return open_ms + self.length_ms
        # No month has more than 31 days, and 32 days after its first none is over yet.
        return month_open_ms(open_ms + 32 * DAY_MS)


def month_open_ms(time_ms: int) -> int:
    """The first moment of the month in UTC."""
    return time_ms - time_ms % DAY_MS - (_day_of_month(time_ms // DAY_MS) - 1) * DAY_MS


def _day_of_month(days: int) -> int:
    """The day of its month that a day since the epoch is.

    Counted in years that begin in March, whose leap day is their last: months then have lengths
    that repeat every five (H. Hinnant, «chrono-Compatible Low-Level Date Algorithms»).
    """
    day_of_era = (days + 719_468) % 146_097
    year_of_era = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    return day_of_year - (153 * month + 2) // 5 + 1


def _intervals() -> tuple[Interval, ...]:
    lengths = (
        ("1s", "", SECOND_MS),
        ("1m", "1s", MINUTE_MS),
        ("3m", "1m", 3 * MINUTE_MS),
        ("5m", "1m", 5 * MINUTE_MS),
        ("15m", "5m", 15 * MINUTE_MS),
        ("30m", "15m", 30 * MINUTE_MS),
        ("1h", "30m", HOUR_MS),
        ("2h", "1h", 2 * HOUR_MS),
        ("4h", "2h", 4 * HOUR_MS),
        ("6h", "2h", 6 * HOUR_MS),
        ("8h", "4h", 8 * HOUR_MS),
        ("12h", "6h", 12 * HOUR_MS),
        ("1d", "12h", DAY_MS),
        ("3d", "1d", 3 * DAY_MS),
        ("1w", "1d", _WEEK_MS),
        ("1M", "1d", 0),
    )
    places: dict[str, int] = {"": -1}
    made: list[Interval] = []
    for place, (name, source, length_ms) in enumerate(lengths):
        places[name] = place
        offset_ms = _MONDAY_MS if name == "1w" else 0
        made.append(Interval(name, place, places[source], length_ms, offset_ms))
    return tuple(made)


INTERVALS: Final = _intervals()
"""Shortest first, so that what an interval is made of stands before it."""

INTERVAL_NAMES: Final = tuple(interval.name for interval in INTERVALS)
