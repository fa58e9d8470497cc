"""The average price of the last minutes, which the percent-price and notional filters refer to."""

from collections.abc import Iterable
from typing import Final

from schemas.records import AveragePriceMinute

MINUTE_MS: Final = 60_000
_LARGEST_SUM: Final = 2**63 - 1
_NEVER: Final = -1


class AveragePrice:
    """Sums of what traded, per minute, over a window of ``width_minutes`` (0: no window)."""

    __slots__ = (
        "width_minutes",
        "known_until_ms",
        "_older",
        "_minute",
        "_quantity",
        "_notional",
    )

    def __init__(self, width_minutes: int, buckets: Iterable[AveragePriceMinute] = ()) -> None:
        self.width_minutes = width_minutes
        self.known_until_ms = 0
        """Until when the reference is what quick admission took it for; a trade makes it 0."""
        self._older = [
            (bucket["minute"], bucket["quantity_lots"], bucket["notional_tick_lots"])
            for bucket in buckets
        ]
        self._minute, self._quantity, self._notional = (
            self._older.pop() if self._older else (_NEVER, 0, 0)
        )

    def add(self, minute: int, quantity_lots: int, price_ticks: int) -> None:
        """Count a trade."""
        self.known_until_ms = 0
        if minute != self._minute:
            if not self.width_minutes:
                return
            self._start(minute)
        notional = quantity_lots * price_ticks
        if (
            self._quantity + quantity_lots > _LARGEST_SUM
            or self._notional + notional > _LARGEST_SUM
        ):
            self._halve_until_it_fits(quantity_lots, notional)
        self._quantity += quantity_lots
        self._notional += notional

    def reference(self, now_ms: int, last_price_ticks: int) -> int:
        """The average price in ticks; the last price (0: none yet) where nothing traded lately."""
        oldest = now_ms // MINUTE_MS - self.width_minutes
        quantity = notional = 0
        for bucket in self._buckets():
            if bucket[0] > oldest:
                quantity += bucket[1]
                notional += bucket[2]
        return notional // quantity if quantity else last_price_ticks

    def rows(self) -> list[AveragePriceMinute]:
        """The buckets, oldest first."""
        return [
            {"minute": minute, "quantity_lots": quantity, "notional_tick_lots": notional}
            for minute, quantity, notional in self._buckets()
        ]

    def _buckets(self) -> list[tuple[int, int, int]]:
        if self._minute == _NEVER:
            return []
        return [*self._older, (self._minute, self._quantity, self._notional)]

    def _start(self, minute: int) -> None:
        oldest = minute - self.width_minutes
        self._older = [bucket for bucket in self._buckets() if bucket[0] > oldest]
        self._minute = minute
        self._quantity = self._notional = 0

    def _halve_until_it_fits(self, quantity_lots: int, notional: int) -> None:
        while (
            self._quantity + quantity_lots > _LARGEST_SUM
            or self._notional + notional > _LARGEST_SUM
        ):
            self._quantity //= 2
            self._notional //= 2
