"""What a flow knows of its own orders on one symbol, from reports, as any client; pure."""

from collections.abc import Iterable

from schemas.records import ExecutionReport
from streams.domain.order import Order
from tradeflow.flow.open_orders import OpenOrder, OpenOrders

_RESTING_KINDS = frozenset({"LIMIT", "LIMIT_MAKER"})


class OwnOrders:
    """Open orders, those that are coming, and those that are being changed.

    Orders of accounts that begin with ``prefix`` are own ones, also those of another run;
    ``known`` are open at the start.
    """

    def __init__(self, prefix: str, known: Iterable[Order] = ()) -> None:
        self.open = OpenOrders()
        self.coming: set[str] = set()
        """Names of commands that place one."""
        self.changing: dict[str, int] = {}
        """Order ids by the names of commands that change them."""
        self._prefix = prefix
        for order in sorted(known, key=lambda order: order.order_id):
            self.open.put(
                OpenOrder(
                    order.order_id,
                    order.account_id,
                    order.client_order_id,
                    order.side,
                    order.price_ticks,
                    order.quantity_lots,
                    order.leaves_lots,
                )
            )

    @property
    def size(self) -> int:
        """Orders that are open, and those that are on their way."""
        return len(self.open) + len(self.coming)

    def is_own(self, report: ExecutionReport) -> bool:
        """Whether the report is about an order of these accounts."""
        return report["account_id"].startswith(self._prefix)

    def note(self, report: ExecutionReport) -> None:
        """Take a report on an order of this symbol in."""
        if not self.is_own(report):
            return
        if report["role"] != "MAKER":
            # Of a maker the command is another's.
            is_gone = report["reject_reason"] == "UNKNOWN_ORDER"
            self.forget(report["command_id"], is_gone=is_gone)
        order_id, leaves = report["order_id"], report["leaves_quantity_lots"]
        if not order_id:
            return
        if not leaves:
            self.open.discard(order_id)
        elif report["order_type"] in _RESTING_KINDS and report["time_in_force"] == "GTC":
            self.open.put(
                OpenOrder(
                    order_id,
                    report["account_id"],
                    report["client_order_id"],
                    report["side"],
                    report["price_ticks"],
                    report["quantity_lots"],
                    leaves,
                )
            )

    def forget(self, name: str, *, is_gone: bool = False) -> None:
        """Wait no more for what a command does; ``is_gone``: there is no order that it was about.

        Without an answer the order is taken to be as it was.
        """
        self.coming.discard(name)
        order_id = self.changing.pop(name, None)
        if order_id is None:
            return
        if is_gone:
            self.open.discard(order_id)
        else:
            self.open.give_back(order_id)
