"""The candles of a stretch of windows, from memory and from history."""

from dataclasses import dataclass

from web.state.candles import CandleSeries
from web.state.history import History, Record
from web.state.markets import SymbolMarket
from web.state.windows import LENGTHS_MS, Windows

_READ_MAX = 20_000
"""Candles read for one answer, where a window is made of many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedWindows:
    """Which windows are asked for, by their openings; both bounds are included."""

    windows: Windows
    limit: int
    first_ms: int | None
    """None: the youngest windows are wanted; else the oldest."""
    last_ms: int | None
    """None: up to now."""


@dataclass(frozen=True, slots=True)
class FoundWindows:
    """Numbers of windows, without a gap, and the candles in them in order.

    Where one opens before the first of the windows, it is the last one before it.
    """

    first: int
    last: int
    candles: list[Record]


_NONE = FoundWindows(0, -1, [])


async def find_windows(
    market: SymbolMarket, history: History, asked: AskedWindows, now_ms: int
) -> FoundWindows:
    """The windows from the one of the first trade ever to the present one, within the bounds.

    Those that can be told: where nothing is known of the past, the windows of the past are left
    out.
    """
    finder = _Finder(market, asked, now_ms)
    oldest = finder.series.oldest()
    if oldest is None:
        return _NONE
    if finder.series.is_whole or finder.is_in(oldest["open_time_ms"]):
        return finder.of_memory()
    first_ms = await history.first_candle_ms(market.instrument.symbol, finder.source)
    if first_ms is None:
        return finder.of_memory()
    first, last = finder.bounds(finder.windows.at(first_ms))
    if first > last:
        return _NONE
    older = await history.candles(
        market.instrument.symbol,
        finder.source,
        first_ms=finder.windows.opening(first),
        last_ms=min(finder.windows.closing(last), oldest["open_time_ms"] - 1),
        reached_ms=oldest["open_time_ms"],
    )
    if not older:
        return finder.of_memory()
    younger = finder.series.between(oldest["open_time_ms"], finder.windows.closing(last))
    return FoundWindows(first, last, older + younger)


class _Finder:
    def __init__(self, market: SymbolMarket, asked: AskedWindows, now_ms: int) -> None:
        self.windows = asked.windows
        self.source = asked.windows.source()
        self.series: CandleSeries = market.candle_series(self.source)
        newest = self.series.newest()
        now = self.windows.at(max(now_ms, 0 if newest is None else newest["open_time_ms"]))
        self._last = now if asked.last_ms is None else min(now, self.windows.at(asked.last_ms))
        self._first: int | None = None
        if asked.first_ms is not None:
            self._first = self.windows.at(asked.first_ms)
            if self.windows.opening(self._first) < asked.first_ms:
                self._first += 1
        # A window of many candles is made of no more than can be read.
        in_one = LENGTHS_MS[self.windows.interval] // LENGTHS_MS[self.source]
        self._limit = max(min(asked.limit, _READ_MAX // in_one), 1)

    def bounds(self, birth: int) -> tuple[int, int]:
        """The first and last window, where none is before ``birth``."""
        if self._first is None:
            return max(birth, self._last - self._limit + 1), self._last
        first = max(birth, self._first)
        return first, min(self._last, first + self._limit - 1)

    def is_in(self, known_ms: int) -> bool:
        """Whether all that is asked for is at or behind this time, whenever it began."""
        first = self._last - self._limit + 1 if self._first is None else self._first
        return self.windows.opening(first) >= known_ms

    def of_memory(self) -> FoundWindows:
        """What memory alone can tell."""
        oldest = self.series.oldest()
        assert oldest is not None
        birth = self.windows.at(oldest["open_time_ms"])
        if not self.series.is_whole and self.windows.opening(birth) < oldest["open_time_ms"]:
            # A part of it may be gone.
            birth += 1
        first, last = self.bounds(birth)
        if first > last:
            return _NONE
        opening = self.windows.opening(first)
        before = self.series.before(opening)
        found = self.series.between(opening, self.windows.closing(last))
        return FoundWindows(first, last, found if before is None else [before, *found])
