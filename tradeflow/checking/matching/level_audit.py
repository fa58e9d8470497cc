"""I5, of levels: depth updates without a gap, and a book that is never crossed."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

from schemas.records import DepthUpdate, PriceLevel

Tell = Callable[[str], None]


class BestPrice:
    """One side's levels; the best price without a search through all of them."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._heap: list[int] = []
        self.levels: dict[int, int] = {}

    def set(self, price: int, lots: int) -> None:
        """Let a level show ``lots``; 0: it is gone."""
        if not lots:
            self.levels.pop(price, None)
            return
        if price not in self.levels:
            heappush(self._heap, self._sign * price)
        self.levels[price] = lots

    @property
    def best(self) -> int | None:
        """The highest bid or the lowest ask."""
        heap, sign = self._heap, self._sign
        # Levels that went are still in the heap until they come up.
        while heap and sign * heap[0] not in self.levels:
            heappop(heap)
        return sign * heap[0] if heap else None

    def load(self, levels: list[list[int]]) -> None:
        self.levels = {price: lots for price, lots in levels}
        self._heap = [self._sign * price for price in self.levels]
        heapify(self._heap)


class LevelAudit:
    """The visible levels of one symbol as its updates tell them."""

    def __init__(self) -> None:
        self.last_update_id = 0
        self.bids = BestPrice(-1)
        self.asks = BestPrice(1)

    def follow(self, update: DepthUpdate, violated: Tell) -> None:
        """Take one update in."""
        first, last = update["first_update_id"], update["last_update_id"]
        if first != self.last_update_id + 1:
            violated(f"update {first} follows {self.last_update_id}")
        if last - first + 1 != len(update["bids"]) + len(update["asks"]):
            violated(f"updates {first} to {last} change another number of levels")
        self.last_update_id = last
        self._take(self.bids, update["bids"], "bid", violated)
        self._take(self.asks, update["asks"], "ask", violated)
        bid, ask = self.bids.best, self.asks.best
        if bid is not None and ask is not None and bid >= ask:
            violated(f"the book is crossed: bid {bid}, ask {ask}")

    def _take(self, side: BestPrice, changes: list[PriceLevel], name: str, violated: Tell) -> None:
        for change in changes:
            price, lots = change["price_ticks"], change["quantity_lots"]
            if lots < 0 or side.levels.get(price, 0) == lots:
                violated(f"the {name} level {price} changes to {lots} lots, which is no change")
            side.set(price, lots)

    def to_state(self) -> dict[str, Any]:
        """The levels, for a checkpoint."""
        return {
            "last_update_id": self.last_update_id,
            "bids": list(self.bids.levels.items()),
            "asks": list(self.asks.levels.items()),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.last_update_id = state["last_update_id"]
        self.bids.load(state["bids"])
        self.asks.load(state["asks"])
