"""I5, of orders: filled + prevented + cancelled or reduced + left = original."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from schemas.records import ExecutionReport

_TERMINAL = ("FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH")
_NO_ORDERS_CHANGE = ("REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED", "STATUS_CHANGED")

Tell = Callable[[str], None]


@dataclass(slots=True)
class OrderLife:
    """An open order as its reports tell it, in lots and minor units of the quote asset."""

    original: int
    is_by_quote: bool
    filled: int = 0
    filled_quote: int = 0
    prevented: int = 0
    reduced: int = 0


class OrderLives:
    """The open orders of one symbol: an order is forgotten when its end is reported."""

    def __init__(self) -> None:
        self.open: dict[int, OrderLife] = {}

    def follow(self, report: ExecutionReport, violated: Tell) -> None:
        """Take one report in, in the order in which they arose."""
        if report["execution_type"] in _NO_ORDERS_CHANGE:
            return
        order_id = report["order_id"]
        if report["execution_type"] == "NEW":
            if order_id in self.open:
                violated(f"order {order_id} is accepted a second time")
            self.open[order_id] = OrderLife(
                original=report["quantity_lots"],
                is_by_quote=report["quote_quantity_units"] > 0,
            )
        life = self.open.get(order_id)
        if life is None:
            violated(f"order {order_id} is not open, yet something happens to it")
            return
        self._conserve(life, report, violated)
        if report["order_status"] in _TERMINAL:
            del self.open[order_id]

    def _conserve(self, life: OrderLife, report: ExecutionReport, violated: Tell) -> None:
        order_id = report["order_id"]
        if report["execution_type"] == "REPLACED":
            life.reduced = life.original - report["quantity_lots"]
        life.filled += report["last_quantity_lots"]
        life.filled_quote += report["last_quote_units"]
        life.prevented = report["prevented_quantity_lots"]
        told = (report["cumulative_quantity_lots"], report["cumulative_quote_units"])
        if told != (life.filled, life.filled_quote):
            violated(
                f"order {order_id} has fills of {life.filled} lots for {life.filled_quote},"
                f" the report says {told[0]} for {told[1]}"
            )
            life.filled, life.filled_quote = told
        left = report["leaves_quantity_lots"]
        if life.is_by_quote:
            if left or life.filled_quote > report["quote_quantity_units"]:
                violated(f"order {order_id} took more than its quote quantity")
            return
        ends_with_rest = report["order_status"] in ("CANCELED", "EXPIRED")
        rest = life.original - life.filled - life.prevented - life.reduced
        if rest < 0 or (0 if ends_with_rest else rest) != left:
            violated(
                f"order {order_id}: filled {life.filled} + prevented {life.prevented} + reduced"
                f" {life.reduced} + left {left} is not the original {life.original}"
            )
        elif (report["order_status"] in _TERMINAL) != (left == 0):
            violated(f"order {order_id} is {report['order_status']} with {left} lots left")

    def to_state(self) -> dict[str, Any]:
        """The open orders, for a checkpoint."""
        return {str(order_id): asdict(life) for order_id, life in self.open.items()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.open = {int(order_id): OrderLife(**life) for order_id, life in state.items()}
