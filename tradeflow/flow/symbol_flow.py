"""One symbol's part of the flow: what is placed, taken, cancelled; pure."""

from collections.abc import Collection, Iterable
from random import Random
from typing import Any

from schemas.enums import Side
from schemas.instruments import Instrument
from schemas.records import ExecutionReport, PlaceOrder
from streams.domain.order import Order
from tradeflow.flow.open_orders import OpenOrder, OpenOrders
from tradeflow.flow.order_size import OrderSize
from tradeflow.flow.price_walk import PriceWalk, on_grid

Command = tuple[str, dict[str, Any]]
"""The name of the record, and the record."""

# How far beyond the touch takers go, and what a market order may cost beyond the mid price.
_TAKER_REACH_SPREADS = 5
_BUDGET_PERCENT = 105
_RESTING_KINDS = frozenset({"LIMIT", "LIMIT_MAKER"})


class SymbolFlow:
    """Makes commands for one symbol, and learns what became of them as a client does: by reports.

    ``accounts`` can pay for orders.  Orders of accounts that begin with ``prefix`` are the flow's,
    also those of another run; ``own`` are those that are open at the start.  Each command is given
    its id as ``name``, which is its client order id too.
    """

    def __init__(
        self,
        instrument: Instrument,
        random: Random,
        accounts: Collection[str],
        *,
        prefix: str,
        last_price_ticks: int = 0,
        own: Iterable[Order] = (),
    ) -> None:
        self.open = OpenOrders()
        self._rules = instrument
        self._size = OrderSize(instrument)
        self._random = random
        self._accounts = accounts
        self._prefix = prefix
        self._walk = PriceWalk(instrument, random, last_price_ticks or None)
        self._coming: set[str] = set()
        self._changing: dict[str, int] = {}
        for order in sorted(own, key=lambda order: order.order_id):
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
        """Orders that are open, and makers that are on their way."""
        return len(self.open) + len(self._coming)

    def note(self, report: ExecutionReport) -> None:
        """Take a report on an order of this symbol in."""
        if not report["account_id"].startswith(self._prefix):
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
        self._coming.discard(name)
        order_id = self._changing.pop(name, None)
        if order_id is None:
            return
        if is_gone:
            self.open.discard(order_id)
        else:
            self.open.give_back(order_id)

    def maker(self, name: str, account_id: str, time_ms: int) -> Command:
        """An order that rests near the touch; one in four only if it takes nothing."""
        side, price = self._maker_price()
        post_only = self._random.random() < 0.25
        order = self._order(name, account_id, time_ms, side, self._size.draw(price, self._random))
        order["order_type"] = "LIMIT_MAKER" if post_only else "LIMIT"
        order["time_in_force"] = "GTC"
        order["price_ticks"] = price
        self._coming.add(name)
        return "PlaceOrder", dict(order)

    def taker(self, name: str, account_id: str, time_ms: int) -> Command:
        """A marketable order: LIMIT IOC, or MARKET by quantity or by quote quantity."""
        side: Side = self._random.choice(("BUY", "SELL"))
        mid = self._walk.move()
        reach = self._walk.half_spread * _TAKER_REACH_SPREADS
        order = self._order(name, account_id, time_ms, side, self._size.draw(mid, self._random))
        draw = self._random.random()
        if draw < 0.6:
            order["order_type"], order["time_in_force"] = "LIMIT", "IOC"
            worst = mid + (reach if side == "BUY" else -reach)
            order["price_ticks"] = on_grid(worst, self._rules)
        else:
            self._make_market_order(order, mid, by_quote=draw > 0.9)
        return "PlaceOrder", dict(order)

    def cancel(self, name: str, time_ms: int) -> Command:
        """A cancel of one of the own orders, which must have a free one, as the next two."""
        return "CancelOrder", self._cancel(name, self._draw(name), time_ms)

    def requote(self, name: str, time_ms: int) -> Command:
        """Cancel-replace one of the own orders at today's price: the number of orders stays."""
        old = self._draw(name)
        if old.account_id not in self._accounts:
            # Of an earlier, larger run: nobody sees to it that this account has money.
            return "CancelOrder", self._cancel(name, old, time_ms)
        side, price = self._maker_price()
        place = self._order(
            name, old.account_id, time_ms, side, self._size.draw(price, self._random)
        )
        place["order_type"], place["time_in_force"] = "LIMIT", "GTC"
        place["price_ticks"] = price
        self._coming.add(name)
        record = {
            "command_id": name,
            "account_id": old.account_id,
            "symbol": self._rules.symbol,
            "mode": "STOP_ON_FAILURE",
            "cancel": self._cancel(name, old, time_ms),
            "place": place,
            "time_ms": time_ms,
        }
        return "CancelReplaceOrder", record

    def reduce(self, name: str, time_ms: int) -> Command:
        """Reduce one of the own orders in place; one that is too small is cancelled."""
        order = self._draw(name)
        step = max(self._rules.quantity_step_lots, 1)
        quantity = (order.quantity_lots - order.leaves_lots // 3) // step * step
        executed = order.quantity_lots - order.leaves_lots
        if not executed < quantity < order.quantity_lots or self._size.is_small(
            order.price_ticks, quantity
        ):
            return "CancelOrder", self._cancel(name, order, time_ms)
        record = {**self._cancel(name, order, time_ms), "quantity_lots": quantity}
        del record["restriction"], record["hold_id"]
        record["client_order_id"] = ""
        return "AmendOrder", record

    def largest_order(self) -> tuple[int, int]:
        """What the largest order of the flow may hold: base and quote, in minor units."""
        lots = self._size.largest(self._walk.lowest)
        worth = self._walk.highest * lots * self._rules.quote_units_per_tick_lot
        base = lots * self._rules.base_units_per_lot
        return base * _BUDGET_PERCENT // 100, worth * _BUDGET_PERCENT // 100

    def _draw(self, name: str) -> OpenOrder:
        order = self.open.draw(self._random, self._walk.mid)
        self._changing[name] = order.order_id
        return order

    def _maker_price(self) -> tuple[Side, int]:
        side: Side = self._random.choice(("BUY", "SELL"))
        mid, half = self._walk.move(), self._walk.half_spread
        distance = half + int(self._random.expovariate(1 / (5 * half)))
        return side, on_grid(mid - distance if side == "BUY" else mid + distance, self._rules)

    def _order(
        self, name: str, account_id: str, time_ms: int, side: Side, quantity_lots: int
    ) -> PlaceOrder:
        """A MARKET order by quantity without a budget: the callers make of it what they need.

        What it reserves, who pays and the rates are the exchange's to say.
        """
        return {
            "command_id": name,
            "account_id": account_id,
            "symbol": self._rules.symbol,
            "client_order_id": name,
            "side": side,
            "order_type": "MARKET",
            "time_in_force": "GTC",
            "price_ticks": 0,
            "stop_price_ticks": 0,
            "quantity_lots": quantity_lots,
            "quote_quantity_units": 0,
            "iceberg_lots": 0,
            "self_trade_prevention": "EXPIRE_MAKER",
            "budget_units": 0,
            "reserved_price_ticks": 0,
            "hold_id": "",
            "maker_rate_ppm": 0,
            "taker_rate_ppm": 0,
            "time_ms": time_ms,
        }

    def _make_market_order(self, order: PlaceOrder, mid_ticks: int, *, by_quote: bool) -> None:
        """Of an order by quantity; what it may cost beyond the mid price is set aside too."""
        lots = order["quantity_lots"]
        amount = lots * self._rules.quote_units_per_tick_lot
        if by_quote:
            order["quantity_lots"] = 0
            order["quote_quantity_units"] = amount * mid_ticks
            if order["side"] == "SELL":
                base = lots * self._rules.base_units_per_lot
                order["budget_units"] = -(-base * _BUDGET_PERCENT // 100)
        elif order["side"] == "BUY":
            order["budget_units"] = amount * mid_ticks * _BUDGET_PERCENT // 100

    def _cancel(self, name: str, order: OpenOrder, time_ms: int) -> dict[str, Any]:
        return {
            "command_id": name,
            "account_id": order.account_id,
            "symbol": self._rules.symbol,
            "order_id": 0,
            "original_client_order_id": order.client_order_id,
            "client_order_id": name,
            "restriction": "NONE",
            "hold_id": "",
            "time_ms": time_ms,
        }
