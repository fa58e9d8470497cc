"""The newest candles of a symbol and an interval."""

from bisect import bisect_left, bisect_right, insort
from typing import Any

Record = dict[str, Any]


class CandleSeries:
    """Candles in order of their opening; ``version`` rises with each that is told."""

    __slots__ = ("_by_opening", "_kept", "_openings", "is_whole", "shown", "version")

    def __init__(self, kept: int) -> None:
        self._by_opening: dict[int, Record] = {}
        self._openings: list[int] = []
        self._kept = kept
        self.version = 0
        self.is_whole = True
        """Whether all that were ever told are here still."""
        self.shown: dict[int, list[Any]] = {}
        """By opening, how a candle is shown, until it is told anew: for whoever shows them."""

    def __len__(self) -> int:
        return len(self._openings)

    def put(self, candle: Record) -> None:
        """A candle, open or closed, in place of what was told of its window before."""
        opening = candle["open_time_ms"]
        openings = self._openings
        if opening not in self._by_opening:
            if len(openings) == self._kept and opening < openings[0]:
                self.is_whole = False
                return
            # The log is compacted: a window told again stands behind younger ones.
            insort(openings, opening)
        self._by_opening[opening] = candle
        self.shown.pop(opening, None)
        self.version += 1
        if len(openings) > self._kept:
            oldest = openings.pop(0)
            del self._by_opening[oldest]
            self.shown.pop(oldest, None)
            self.is_whole = False

    def all(self) -> list[Record]:
        """All that are kept, the oldest first."""
        return [self._by_opening[opening] for opening in self._openings]

    def at(self, opening_ms: int) -> Record | None:
        """The candle of a window; None where none is kept."""
        return self._by_opening.get(opening_ms)

    def between(self, first_ms: int, last_ms: int) -> list[Record]:
        """Those that open in this time, both ends included, the oldest first."""
        first = bisect_left(self._openings, first_ms)
        last = bisect_right(self._openings, last_ms)
        return [self._by_opening[opening] for opening in self._openings[first:last]]

    def since(self, opening_ms: int) -> list[Record]:
        """Those that open at this moment or later, the oldest first."""
        first = bisect_left(self._openings, opening_ms)
        return [self._by_opening[opening] for opening in self._openings[first:]]

    def before(self, opening_ms: int) -> Record | None:
        """The youngest that opens before; None where none is kept."""
        place = bisect_left(self._openings, opening_ms)
        return self._by_opening[self._openings[place - 1]] if place else None

    def oldest(self) -> Record | None:
        """The oldest window that is kept."""
        return self._by_opening[self._openings[0]] if self._openings else None

    def newest(self) -> Record | None:
        """The youngest window."""
        return self._by_opening[self._openings[-1]] if self._openings else None
