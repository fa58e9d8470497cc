"""Orders that are open on the exchange although the flow believes them closed; pure.

That happens where others trade on the same books: they take a maker's place, and what the flow
believes to be filled is not.  Without this such orders would pile up.
"""

from collections import defaultdict

from schemas.records import ExecutionReport
from tradeflow.flow.generator import ACCOUNT_PREFIX, Generator
from tradeflow.flow.open_orders import OpenOrder

_AGE_SECONDS = 20.0


class Strays:
    """The flow's open orders as the execution reports tell them."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], tuple[OpenOrder, float]] = {}

    def take(self, report: ExecutionReport, at: float) -> None:
        """A report came at this moment (seconds)."""
        if not report["account_id"].startswith(ACCOUNT_PREFIX):
            return
        key = report["symbol"], report["order_id"]
        leaves = report["leaves_quantity_lots"]
        if not leaves:
            if report["order_id"]:
                self._open.pop(key, None)
            return
        order = OpenOrder(
            report["order_id"],
            report["account_id"],
            report["client_order_id"],
            report["side"],
            report["price_ticks"],
            report["quantity_lots"],
            leaves,
        )
        self._open[key] = order, at

    def find(self, generator: Generator, now: float) -> dict[str, list[OpenOrder]]:
        """Strays by symbol.  One is given once, and nothing is given that changed just now."""
        found: dict[str, list[OpenOrder]] = defaultdict(list)
        for (symbol, order_id), (order, at) in list(self._open.items()):
            if now - at > _AGE_SECONDS and not generator.believes_open(symbol, order_id):
                found[symbol].append(order)
                del self._open[symbol, order_id]
        return found
