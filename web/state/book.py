"""A symbol's book, kept from snapshots and depth updates."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from typing import Any

Level = tuple[int, int]
"""Price in ticks, quantity in lots."""


class SideLevels:
    """One side's levels, its prices always in order."""

    __slots__ = ("_is_bid", "_lots", "_prices")

    def __init__(self, *, is_bid: bool) -> None:
        self._is_bid = is_bid
        self._lots: dict[int, int] = {}
        self._prices: list[int] = []

    def __len__(self) -> int:
        return len(self._prices)

    def set(self, price_ticks: int, quantity_lots: int) -> None:
        """A level has so much now; 0 takes it away."""
        lots, prices = self._lots, self._prices
        if quantity_lots:
            if price_ticks not in lots:
                insort(prices, price_ticks)
            lots[price_ticks] = quantity_lots
        elif lots.pop(price_ticks, None) is not None:
            del prices[bisect_left(prices, price_ticks)]

    def replace(self, levels: Iterable[Mapping[str, int]]) -> None:
        """All levels anew."""
        self._lots = {each["price_ticks"]: each["quantity_lots"] for each in levels}
        self._prices = sorted(self._lots)

    def top(self, count: int) -> list[Level]:
        """The best levels, the best first."""
        lots = self._lots
        prices = self._prices[-count:][::-1] if self._is_bid else self._prices[:count]
        return [(price, lots[price]) for price in prices]

    def best(self) -> Level | None:
        """The best level; None when nobody is there."""
        if not self._prices:
            return None
        price = self._prices[-1 if self._is_bid else 0]
        return price, self._lots[price]


class LocalBook:
    """Bids and asks as of ``last_update_id``; what came before is not applied again.

    Snapshots and updates are on topics of their own, and come in any order: updates that do not
    follow the book wait for the snapshot that they go on from.
    """

    __slots__ = ("_waiting", "asks", "bids", "last_update_id", "time_ms")

    def __init__(self) -> None:
        self.bids = SideLevels(is_bid=True)
        self.asks = SideLevels(is_bid=False)
        self.last_update_id = 0
        self.time_ms = 0
        self._waiting: list[Mapping[str, Any]] = []

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Begin with a DepthSnapshot, unless the book is as new already."""
        if snapshot["last_update_id"] <= self.last_update_id:
            return
        self.bids.replace(snapshot["bids"])
        self.asks.replace(snapshot["asks"])
        self.last_update_id = snapshot["last_update_id"]
        self.time_ms = snapshot["time_ms"]
        waiting, self._waiting = self._waiting, []
        for update in waiting:
            self.apply(update)

    def apply(self, update: Mapping[str, Any]) -> bool:
        """Apply a DepthUpdate; False: the book is that new already, or not so far yet."""
        if update["last_update_id"] <= self.last_update_id:
            return False
        if update["first_update_id"] > self.last_update_id + 1:
            self._waiting.append(update)
            return False
        for level in update["bids"]:
            self.bids.set(level["price_ticks"], level["quantity_lots"])
        for level in update["asks"]:
            self.asks.set(level["price_ticks"], level["quantity_lots"])
        self.last_update_id = update["last_update_id"]
        self.time_ms = update["time_ms"]
        return True
