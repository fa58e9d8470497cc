"""The open orders of a symbol: two sides, untriggered stops, and the index by order id."""

from schemas.enums import Side
from streams.domain.book_side import BookSide
from streams.domain.order import Order
from streams.domain.stop_book import StopBook


class OrderBook:
    """Open orders by place and by order id.

    ``changed`` holds what a table must write: the order, or None where a stored one is gone.
    """

    __slots__ = ("bids", "asks", "stops", "orders", "changed")

    def __init__(self) -> None:
        self.bids = BookSide(1)
        self.asks = BookSide(-1)
        self.stops = StopBook()
        self.orders: dict[int, Order] = {}
        self.changed: dict[int, Order | None] = {}

    def opposite(self, side: Side) -> BookSide:
        """The side that a taker of ``side`` meets."""
        return self.asks if side == "BUY" else self.bids

    def rest(self, order: Order) -> None:
        """Put a working order into its queue."""
        (self.bids if order.side == "BUY" else self.asks).append(order)
        order_id = order.order_id
        self.orders[order_id] = self.changed[order_id] = order
        order.account.open_count += 1
        if order.iceberg_lots:
            order.account.iceberg_count += 1

    def wait(self, order: Order) -> None:
        """Keep an untriggered stop."""
        self.stops.add(order)
        order_id = order.order_id
        self.orders[order_id] = self.changed[order_id] = order
        order.account.open_count += 1
        order.account.stop_count += 1
        if order.iceberg_lots:
            order.account.iceberg_count += 1

    def remove(self, order: Order) -> None:
        """Take an open order out, wherever it is."""
        level = order.level
        if level is None:
            self.stops.remove(order)
        else:
            side = self.bids if order.side == "BUY" else self.asks
            side.touch(level)
            level.remove(order)
            if level.first is None:
                side.close(level)
        self.forget(order)

    def forget(self, order: Order) -> None:
        """Drop an order that has left its place."""
        order_id = order.order_id
        del self.orders[order_id]
        account = order.account
        account.open_count -= 1
        if order.iceberg_lots:
            account.iceberg_count -= 1
        if not order.is_working:
            account.stop_count -= 1
        if order.is_stored:
            self.changed[order_id] = None
        else:
            self.changed.pop(order_id, None)

    def show_less(self, order: Order, visible_lots: int) -> None:
        """Lower what an order shows (an untriggered stop shows nothing); it keeps its place."""
        level = order.level
        if level is not None:
            level.visible_lots -= order.visible_lots - visible_lots
            order.visible_lots = visible_lots
            (self.bids if order.side == "BUY" else self.asks).touch(level)
        self.changed[order.order_id] = order

    def take_changed(self) -> dict[int, Order | None]:
        """What changed since the last call."""
        changed = self.changed
        for order in changed.values():
            if order is not None:
                order.is_stored = True
        self.changed = {}
        return changed
