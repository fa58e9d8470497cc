"""What one account has in one symbol: its client order ids and how many orders are open."""

from typing import TYPE_CHECKING

from schemas.records import ClosedOrderRow

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
    """A client order id that stays in use after its order has closed, or has been renamed.

    The live form of a ``ClosedOrderRow``; ``account`` is its owner in a market.
    """

    __slots__ = ("symbol", "order_id", "account", "client_order_id", "closed_ms")

    def __init__(
        self,
        symbol: str,
        order_id: int,
        account: AccountOrders,
        client_order_id: str,
        closed_ms: int,
    ) -> None:
        self.symbol = symbol
        self.order_id = order_id
        self.account = account
        self.client_order_id = client_order_id
        self.closed_ms = closed_ms

    @classmethod
    def from_row(cls, row: ClosedOrderRow) -> "ClosedOrder":
        """What a table's row describes, in no market yet."""
        account = AccountOrders(row["account_id"])
        return cls(
            row["symbol"], row["order_id"], account, row["client_order_id"], row["closed_ms"]
        )

    def to_row(self) -> ClosedOrderRow:
        """The row that a table keeps of it."""
        return {
            "symbol": self.symbol,
            "order_id": self.order_id,
            "account_id": self.account.account_id,
            "client_order_id": self.client_order_id,
            "closed_ms": self.closed_ms,
        }
