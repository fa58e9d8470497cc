"""Open orders that can be drawn from at random, the same way every time."""

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
    """A symbol's open orders of the flow's accounts, by order id."""

    def __init__(self) -> None:
        self._orders: list[OpenOrder] = []
        self._places: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, order_id: int) -> bool:
        return order_id in self._places

    def put(self, order: OpenOrder) -> None:
        """Add the order, or replace what is known of it."""
        place = self._places.get(order.order_id)
        if place is None:
            self._places[order.order_id] = len(self._orders)
            self._orders.append(order)
        else:
            self._orders[place] = order

    def discard(self, order_id: int) -> None:
        """Forget the order, if it is there: the last one takes its place."""
        place = self._places.pop(order_id, None)
        if place is None:
            return
        last = self._orders.pop()
        if place < len(self._orders):
            self._orders[place] = last
            self._places[last.order_id] = place

    def draw(self, random: Random) -> OpenOrder:
        """Any of them; there must be one."""
        return self._orders[random.randrange(len(self._orders))]
