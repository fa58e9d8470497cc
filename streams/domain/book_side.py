"""One side of the book: price levels, the best at the end of a sorted list of keys."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Literal

from streams.domain.events import Levels
from streams.domain.order import Order
from streams.domain.price_level import PriceLevel


class BookSide:
    """The levels of one side.

    A level's key is its price for bids and the negated price for asks: on both sides a better
    price has a higher key, so that one loop serves both.  The best key is the last, where a list
    is cheap to change.  ``touched`` lists the levels whose visible quantity may differ from the
    published one; an empty level has no key, and stays in ``levels`` until that is published.
    """

    __slots__ = ("sign", "keys", "levels", "touched")

    def __init__(self, sign: Literal[1, -1]) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, PriceLevel] = {}
        self.touched: list[PriceLevel] = []

    def append(self, order: Order) -> None:
        """Queue an order at its price."""
        key = order.price_ticks if self.sign == 1 else -order.price_ticks
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = PriceLevel(order.price_ticks, key)
        if level.first is None:
            keys = self.keys
            if not keys or key > keys[-1]:
                keys.append(key)
            else:
                insort(keys, key)
        self.touch(level)
        level.append(order)

    def close(self, level: PriceLevel) -> None:
        """Take an empty level out."""
        key = level.key
        keys = self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]

    def touch(self, level: PriceLevel) -> None:
        """Note that a level's visible quantity changes."""
        if not level.is_touched:
            level.is_touched = True
            self.touched.append(level)

    def publish(self) -> Levels:
        """What is now visible where that differs from the published quantity, the best first."""
        changes: Levels = []
        for level in self.touched:
            level.is_touched = False
            lots = level.visible_lots
            if lots != level.published_lots:
                level.published_lots = lots
                changes.append((level.price_ticks, lots))
            if level.first is None:
                del self.levels[level.key]
        self.touched.clear()
        if len(changes) > 1:
            changes.sort(reverse=self.sign == 1)
        return changes

    def is_marketable(self, limit_key: int) -> bool:
        """Whether the best price is at least as good as the one with this key."""
        return bool(self.keys) and self.keys[-1] >= limit_key

    def best_first(self) -> Iterator[PriceLevel]:
        """All levels, from the best price to the worst."""
        # Compiled, a generator expression would look up all levels first.
        levels = self.levels
        for key in reversed(self.keys):
            yield levels[key]
