"""The average price of the last minutes, which the percent-price and notional filters refer to."""

from collections.abc import Iterable

from schemas.records import AveragePriceMinute

MINUTE_MS = 60_000
_LARGEST_SUM = 2**63 - 1
_NEVER = -1


class AveragePrice:
    """Sums of what traded, per minute, over a window of ``width_minutes`` (0: no window)."""

    __slots__ = ("width_minutes", "_buckets", "_reference", "_reference_minute")

    def __init__(self, width_minutes: int, buckets: Iterable[AveragePriceMinute] = ()) -> None:
        self.width_minutes = width_minutes
        self._buckets = [
            [bucket["minute"], bucket["quantity_lots"], bucket["notional_tick_lots"]]
            for bucket in buckets
        ]
        self._reference = 0
        self._reference_minute = _NEVER

    def add(self, minute: int, *, quantity_lots: int, price_ticks: int) -> None:
        """Count a trade."""
        self._reference_minute = _NEVER
        if not self.width_minutes:
            return
        buckets = self._buckets
        if not buckets or buckets[-1][0] != minute:
            oldest = minute - self.width_minutes
            self._buckets = buckets = [bucket for bucket in buckets if bucket[0] > oldest]
            buckets.append([minute, 0, 0])
        bucket = buckets[-1]
        quantity = bucket[1] + quantity_lots
        notional = bucket[2] + quantity_lots * price_ticks
        if quantity > _LARGEST_SUM or notional > _LARGEST_SUM:
            quantity, notional = _halved_until_it_fits(
                bucket[1], bucket[2], quantity_lots, quantity_lots * price_ticks
            )
        bucket[1] = quantity
        bucket[2] = notional

    def reference(self, minute: int, last_price_ticks: int) -> int:
        """The average price in ticks; the last price (0: none yet) where nothing traded lately."""
        if minute != self._reference_minute:
            self._reference = self._compute(minute, last_price_ticks)
            self._reference_minute = minute
        return self._reference

    def rows(self) -> list[AveragePriceMinute]:
        """The buckets, oldest first."""
        return [
            {"minute": minute, "quantity_lots": quantity, "notional_tick_lots": notional}
            for minute, quantity, notional in self._buckets
        ]

    def _compute(self, minute: int, last_price_ticks: int) -> int:
        oldest = minute - self.width_minutes
        quantity = notional = 0
        for bucket in self._buckets:
            if bucket[0] > oldest:
                quantity += bucket[1]
                notional += bucket[2]
        return notional // quantity if quantity else last_price_ticks


def _halved_until_it_fits(
    quantity: int, notional: int, added_quantity: int, added_notional: int
) -> tuple[int, int]:
    while quantity + added_quantity > _LARGEST_SUM or notional + added_notional > _LARGEST_SUM:
        quantity //= 2
        notional //= 2
    return quantity + added_quantity, notional + added_notional
