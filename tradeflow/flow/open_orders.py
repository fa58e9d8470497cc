"""Open orders that can be drawn from at random, the same way every time."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


@dataclass(slots=True)
class OpenOrder:
    """One order; quantities in lots."""

    order_id: int
    account_id: str
    client_order_id: str
    side: str
    price_ticks: int
    quantity_lots: int
    leaves_lots: int


class OpenOrders:
    """A symbol's open orders of the flow's accounts, by order id.

    One that was drawn is not drawn again until it is given back: what was asked for it is on its
    way.
    """

    def __init__(self) -> None:
        self._orders: list[OpenOrder] = []
        self._places: dict[int, int] = {}
        self._drawn: dict[int, OpenOrder] = {}

    def __len__(self) -> int:
        return len(self._orders) + len(self._drawn)

    def __contains__(self, order_id: int) -> bool:
        return order_id in self._places or order_id in self._drawn

    def __iter__(self) -> Iterator[OpenOrder]:
        """All of them, those that are drawn too."""
        yield from self._orders
        yield from self._drawn.values()

    def is_free(self, order_id: int) -> bool:
        """Whether it is there and was not drawn."""
        return order_id in self._places

    def take(self, order: OpenOrder) -> None:
        """As if this one had been drawn; it must be free."""
        self._take(order.order_id)
        self._drawn[order.order_id] = order

    @property
    def has_free(self) -> bool:
        """Whether there is one to draw."""
        return bool(self._orders)

    def put(self, order: OpenOrder) -> None:
        """Add the order, or replace what is known of it."""
        if order.order_id in self._drawn:
            self._drawn[order.order_id] = order
            return
        place = self._places.get(order.order_id)
        if place is None:
            self._places[order.order_id] = len(self._orders)
            self._orders.append(order)
        else:
            self._orders[place] = order

    def discard(self, order_id: int) -> None:
        """Forget the order, if it is there."""
        if self._drawn.pop(order_id, None) is None:
            self._take(order_id)

    def draw(self, random: Random, mid_ticks: int) -> OpenOrder:
        """Of any two that are free the one farther from the mid price; there must be one free.

        The nearer one is more likely to be filled before a command reaches it.
        """
        two = [self._orders[random.randrange(len(self._orders))] for _ in range(2)]
        order = max(two, key=lambda each: _distance(each, mid_ticks))
        self.take(order)
        return order

    def give_back(self, order_id: int) -> None:
        """Let an order be drawn again, if it is still there."""
        order = self._drawn.pop(order_id, None)
        if order is not None:
            self.put(order)

    def _take(self, order_id: int) -> None:
        """Out of those that are free: the last one takes its place."""
        place = self._places.pop(order_id, None)
        if place is None:
            return
        last = self._orders.pop()
        if place < len(self._orders):
            self._orders[place] = last
            self._places[last.order_id] = place


def _distance(order: OpenOrder, mid_ticks: int) -> int:
    """How far the market must come to meet the order, in ticks."""
    away = mid_ticks - order.price_ticks
    return away if order.side == "BUY" else -away
