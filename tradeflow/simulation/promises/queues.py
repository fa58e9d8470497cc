"""I5, price-time priority: who trades stands first at the best price, by a queue kept here.

From the reports alone, in the order of their numbers.  A report says what an order is and has left;
where it stands follows from when it came to rest, and from when an iceberg showed its next part.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Tell = Callable[[str], None]

_ENDED = ("FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH")
_MARKET_KINDS = ("MARKET", "STOP_LOSS", "TAKE_PROFIT")


@dataclass(slots=True)
class Standing:
    """An open order; ``place`` is 0 as long as it does not rest."""

    side: str
    price: int
    iceberg: int
    left: int
    has_price: bool
    account: str
    may_self_trade: bool
    visible: int = 0
    place: int = 0

    def show(self) -> None:
        """Show the first part, or the next."""
        self.visible = min(self.iceberg, self.left) if self.iceberg else self.left


class Queues:
    """The resting orders of one symbol."""

    def __init__(self) -> None:
        self._orders: dict[int, Standing] = {}
        self._taker = 0
        self._last_place = 0

    def follow(self, reports: Iterable[Mapping[str, Any]], violated: Tell) -> None:
        """The reports of one command, in the order in which they arose."""
        for report in reports:
            kind = report["execution_type"]
            if kind in ("NEW", "TRIGGERED"):
                self._begin(report)
            elif kind in ("TRADE", "TRADE_PREVENTION"):
                self._meet(report, violated)
            elif kind == "EXPIRED":
                self._expire(report, violated)
            elif kind == "CANCELED":
                self._orders.pop(report["order_id"], None)
            elif kind == "REPLACED":
                self._reduce(report)
        self._rest()

    def _begin(self, report: Mapping[str, Any]) -> None:
        self._rest()
        order_id = report["order_id"]
        if report["execution_type"] == "NEW":
            self._orders[order_id] = Standing(
                report["side"],
                report["price_ticks"],
                report["iceberg_lots"],
                report["leaves_quantity_lots"],
                report["order_type"] not in _MARKET_KINDS,
                report["account_id"],
                report["self_trade_prevention"] == "NONE",
            )
        if report["is_working"]:
            self._taker = order_id

    def _rest(self) -> None:
        """What is left of the last taker comes to stand behind the others at its price."""
        order = self._orders.get(self._taker)
        self._taker = 0
        if order is not None and not order.place:
            self._last_place += 1
            order.place = self._last_place
            order.show()

    def _meet(self, report: Mapping[str, Any], violated: Tell) -> None:
        order_id = report["order_id"]
        order = self._orders.get(order_id)
        if order is None:
            violated(f"order {order_id} trades and is not open")
            return
        is_taker = order_id == self._taker
        is_trade = report["execution_type"] == "TRADE"
        if is_trade and (report["role"] == "TAKER") != is_taker:
            violated(f"order {order_id} is no {report['role']} here")
        if is_trade and not is_taker:
            self._check_parties(order_id, order, violated)
        if not is_taker:
            self._check_first(order_id, order, report, violated)
        elif order.has_price:
            better = order.price - report["last_price_ticks"]
            if (better if order.side == "BUY" else -better) < 0:
                violated(f"order {order_id} trades at a worse price than its own")
        order.left = report["leaves_quantity_lots"]
        if report["order_status"] in _ENDED:
            del self._orders[order_id]
        elif not is_taker:
            self._show_less(order, report["last_quantity_lots"] if is_trade else 0)

    def _show_less(self, order: Standing, traded: int) -> None:
        order.visible = min(order.visible - traded, order.left)
        if not order.visible:
            self._last_place += 1
            order.place = self._last_place
            order.show()

    def _check_parties(self, order_id: int, order: Standing, violated: Tell) -> None:
        taker = self._orders.get(self._taker)
        if taker is None or taker.side == order.side:
            violated(f"order {order_id} trades with nobody on the other side")
        elif taker.account == order.account and not taker.may_self_trade:
            violated(f"order {order_id} trades with {self._taker} of the same account")

    def _expire(self, report: Mapping[str, Any], violated: Tell) -> None:
        """What ended for want of somebody to trade with had nobody."""
        order = self._orders.pop(report["order_id"], None)
        if order is None:
            return
        if report["time_in_force"] == "FOK" and report["cumulative_quantity_lots"]:
            violated(f"order {report['order_id']} is filled in part, in spite of FOK")
        first = self._first("SELL" if order.side == "BUY" else "BUY")
        if first is None:
            return
        price = self._orders[first].price
        reason = report["expiry_reason"]
        is_met = price <= order.price if order.side == "BUY" else price >= order.price
        if reason == "INSUFFICIENT_LIQUIDITY" or (
            reason == "UNFILLED_IOC_QUANTITY_EXPIRED" and is_met
        ):
            violated(f"order {report['order_id']} expires, though order {first} would trade")

    def _first(self, side: str) -> int | None:
        """The order of a side that the next taker meets."""
        sign = -1 if side == "BUY" else 1
        resting = (
            (sign * order.price, order.place, number)
            for number, order in self._orders.items()
            if order.place and order.side == side
        )
        return min(resting, default=(0, 0, None))[2]

    def _check_first(
        self, order_id: int, order: Standing, report: Mapping[str, Any], violated: Tell
    ) -> None:
        first = self._first(order.side)
        if first != order_id:
            violated(f"order {order_id} trades before order {first}, which stands first")
        if report["last_price_ticks"] != order.price:
            violated(f"order {order_id} trades at {report['last_price_ticks']}, not at its price")
        if report["last_quantity_lots"] > order.visible:
            violated(f"order {order_id} trades more than it shows")

    def _reduce(self, report: Mapping[str, Any]) -> None:
        order = self._orders.get(report["order_id"])
        if order is not None:
            order.left = report["leaves_quantity_lots"]
            order.visible = min(order.visible, order.left)
