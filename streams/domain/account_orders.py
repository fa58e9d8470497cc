"""What one account has in one symbol: its client order ids and how many orders are open."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streams.domain.order import Order


class AccountOrders:
    """An account's client order ids in use, each with its holder, and its counts of open orders.

    An id belongs to an open order or to the memory of a closed one, never to both.
    """

    __slots__ = ("account_id", "client_ids", "open_count", "stop_count", "iceberg_count")

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.client_ids: dict[str, Order | ClosedOrder] = {}
        self.open_count = 0
        self.stop_count = 0
        """Untriggered stops."""
        self.iceberg_count = 0
        """Open orders with an iceberg quantity, untriggered stops included."""


class ClosedOrder:
    """A client order id that stays in use after its order has closed, or has been renamed."""

    __slots__ = ("closed_ms", "order_id", "client_order_id", "account")

    def __init__(
        self, closed_ms: int, order_id: int, client_order_id: str, account: AccountOrders
    ) -> None:
        self.closed_ms = closed_ms
        self.order_id = order_id
        self.client_order_id = client_order_id
        self.account = account
