"""The open orders of a symbol: two sides, untriggered stops, and the ways to find an order."""

from schemas.enums import Side
from streams.domain.book_side import BookSide
from streams.domain.order import Order
from streams.domain.stop_book import StopBook

ClientKey = tuple[str, str]
"""(account id, client order id)"""


class OrderBook:
    """Open orders by place, by order id and by client order id, and how many each account has.

    ``changed`` holds what a table must write: the order, or None where a stored one is gone.
    """

    __slots__ = (
        "bids",
        "asks",
        "stops",
        "orders",
        "by_client",
        "open_counts",
        "stop_counts",
        "iceberg_counts",
        "changed",
    )

    def __init__(self) -> None:
        self.bids = BookSide(1)
        self.asks = BookSide(-1)
        self.stops = StopBook()
        self.orders: dict[int, Order] = {}
        self.by_client: dict[ClientKey, Order] = {}
        self.open_counts: dict[str, int] = {}
        self.stop_counts: dict[str, int] = {}
        self.iceberg_counts: dict[str, int] = {}
        self.changed: dict[int, Order | None] = {}

    def opposite(self, side: Side) -> BookSide:
        """The side that a taker of ``side`` meets."""
        return self.asks if side == "BUY" else self.bids

    def rest(self, order: Order) -> None:
        """Put a working order into its queue."""
        (self.bids if order.side == "BUY" else self.asks).append(order)
        self._index(order)

    def wait(self, order: Order) -> None:
        """Keep an untriggered stop."""
        self.stops.add(order)
        self._index(order)

    def remove(self, order: Order) -> None:
        """Take an open order out, wherever it is."""
        if order.level is None:
            self.stops.remove(order)
        else:
            (self.bids if order.side == "BUY" else self.asks).remove(order)
        self.forget(order)

    def show_less(self, order: Order, visible_lots: int) -> None:
        """Lower what an order shows (an untriggered stop shows nothing); it keeps its place."""
        level = order.level
        if level is not None:
            level.visible_lots -= order.visible_lots - visible_lots
            order.visible_lots = visible_lots
            (self.bids if order.side == "BUY" else self.asks).touched[level.key] = level
        self.changed[order.order_id] = order

    def rename(self, order: Order, client_order_id: str) -> None:
        """Give an open order another client order id."""
        del self.by_client[order.account_id, order.client_order_id]
        order.client_order_id = client_order_id
        self.by_client[order.account_id, client_order_id] = order

    def forget(self, order: Order) -> None:
        """Drop an order that has left its place from the indexes."""
        order_id = order.order_id
        account_id = order.account_id
        del self.orders[order_id]
        del self.by_client[account_id, order.client_order_id]
        _decrement(self.open_counts, account_id)
        if order.iceberg_lots:
            _decrement(self.iceberg_counts, account_id)
        if not order.is_working:
            _decrement(self.stop_counts, account_id)
        if order.is_stored:
            self.changed[order_id] = None
        else:
            self.changed.pop(order_id, None)

    def take_changed(self) -> dict[int, Order | None]:
        """What changed since the last call."""
        changed = self.changed
        for order in changed.values():
            if order is not None:
                order.is_stored = True
        self.changed = {}
        return changed

    def _index(self, order: Order) -> None:
        order_id = order.order_id
        account_id = order.account_id
        self.orders[order_id] = order
        self.by_client[account_id, order.client_order_id] = order
        counts = self.open_counts
        counts[account_id] = counts.get(account_id, 0) + 1
        if order.iceberg_lots:
            self.iceberg_counts[account_id] = self.iceberg_counts.get(account_id, 0) + 1
        if not order.is_working:
            self.stop_counts[account_id] = self.stop_counts.get(account_id, 0) + 1
        self.changed[order_id] = order


def _decrement(counts: dict[str, int], account_id: str) -> None:
    if counts[account_id] == 1:
        del counts[account_id]
    else:
        counts[account_id] -= 1
