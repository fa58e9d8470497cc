"""Untriggered stops, ordered by the price that triggers them."""

from bisect import bisect_left, insort
from typing import Literal

from streams.domain.order import Order


class StopBook:
    """Stops that wait for a price to rise to theirs, and stops that wait for it to fall."""

    __slots__ = ("above", "below")

    def __init__(self) -> None:
        self.above = _StopSide(-1)
        self.below = _StopSide(1)

    def __bool__(self) -> bool:
        return bool(self.above.keys or self.below.keys)

    def add(self, order: Order) -> None:
        """Keep an untriggered stop."""
        (self.above if order.triggers_above else self.below).add(order)

    def remove(self, order: Order) -> None:
        """Take out a stop, unless a price has reached it and it is out already."""
        (self.above if order.triggers_above else self.below).remove(order)

    def take_reached(self, *, low_ticks: int, high_ticks: int) -> list[Order]:
        """Take out the stops whose condition holds at one of these prices."""
        return self.above.take_reached(high_ticks) + self.below.take_reached(low_ticks)


class _StopSide:
    """Stops by key: the nearest to the market has the highest key, as on a side of the book."""

    __slots__ = ("sign", "keys", "stops")

    def __init__(self, sign: Literal[1, -1]) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.stops: dict[int, dict[int, Order]] = {}

    def add(self, order: Order) -> None:
        key = order.stop_price_ticks * self.sign
        stops = self.stops.get(key)
        if stops is None:
            self.stops[key] = {order.order_id: order}
            insort(self.keys, key)
        else:
            stops[order.order_id] = order

    def remove(self, order: Order) -> None:
        key = order.stop_price_ticks * self.sign
        stops = self.stops.get(key)
        if stops is None or order.order_id not in stops:
            return
        del stops[order.order_id]
        if not stops:
            del self.stops[key]
            del self.keys[bisect_left(self.keys, key)]

    def take_reached(self, price_ticks: int) -> list[Order]:
        reached: list[Order] = []
        threshold = price_ticks * self.sign
        while self.keys and self.keys[-1] >= threshold:
            reached.extend(self.stops.pop(self.keys.pop()).values())
        return reached
