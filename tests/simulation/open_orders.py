"""What a workload believes to be open in one symbol."""

from random import Random
from typing import Any, NamedTuple

from schemas.records import ExecutionReport


class KnownOrder(NamedTuple):
    order_id: int
    account_id: str
    client_order_id: str
    price_ticks: int
    quantity_lots: int
    gone_lots: int
    """Executed or prevented."""


class OpenOrders:
    """Open orders with a fair and fast random pick: a list, and where each one stands in it."""

    def __init__(self, most: int = 5_000) -> None:
        self._most = most
        self._orders: list[KnownOrder] = []
        self._places: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, order_id: int) -> KnownOrder | None:
        place = self._places.get(order_id)
        return None if place is None else self._orders[place]

    def pick(self, rng: Random) -> KnownOrder | None:
        return self._orders[int(rng.random() * len(self._orders))] if self._orders else None

    def observe(self, report: ExecutionReport) -> None:
        """Refusals say nothing new: the order stayed as it was, or there is none."""
        if report["order_id"] == 0 or report["reject_reason"] != "NONE":
            return
        if report["order_status"] in ("NEW", "PARTIALLY_FILLED"):
            self.know(
                KnownOrder(
                    report["order_id"],
                    report["account_id"],
                    report["client_order_id"],
                    report["price_ticks"],
                    report["quantity_lots"],
                    report["cumulative_quantity_lots"] + report["prevented_quantity_lots"],
                )
            )
        else:
            self.forget(report["order_id"])

    def guess(self, order_id: int, order: dict[str, Any]) -> None:
        """Believe in an order without a report; the oldest belief gives way to a new one."""
        if len(self._orders) >= self._most:
            self.forget(self._orders[0].order_id)
        self.know(
            KnownOrder(
                order_id,
                order["account_id"],
                order["client_order_id"],
                order["price_ticks"],
                order["quantity_lots"],
                gone_lots=0,
            )
        )

    def know(self, order: KnownOrder) -> None:
        place = self._places.setdefault(order.order_id, len(self._orders))
        if place == len(self._orders):
            self._orders.append(order)
        else:
            self._orders[place] = order

    def forget(self, order_id: int) -> None:
        place = self._places.pop(order_id, None)
        if place is None:
            return
        last = self._orders.pop()
        if last.order_id != order_id:
            self._orders[place] = last
            self._places[last.order_id] = place
