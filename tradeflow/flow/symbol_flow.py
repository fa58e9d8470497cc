"""One symbol's part of the flow: what is placed, taken, cancelled; pure."""

from collections.abc import Collection, Iterable
from random import Random

from schemas.enums import Side
from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from streams.domain.order import Order
from tradeflow.flow.open_orders import OpenOrder, OpenOrders
from tradeflow.flow.order_records import (
    BUDGET_PERCENT,
    Command,
    add_budget,
    cancellation,
    limit_order,
    market_order,
    replacement,
)
from tradeflow.flow.order_size import OrderSize
from tradeflow.flow.own_orders import OwnOrders
from tradeflow.flow.price_walk import PriceWalk, on_grid

__all__ = ["Command", "SymbolFlow"]

# How far beyond the touch takers go.
_TAKER_REACH_SPREADS = 5


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
        self._own = OwnOrders(prefix, own)
        self._rules = instrument
        self._size = OrderSize(instrument)
        self._random = random
        self._accounts = accounts
        self._walk = PriceWalk(instrument, random, last_price_ticks or None)

    @property
    def open(self) -> OpenOrders:
        """Those that are open, by the reports so far."""
        return self._own.open

    @property
    def size(self) -> int:
        """Orders that are open, and makers that are on their way."""
        return self._own.size

    def note(self, report: ExecutionReport) -> None:
        """Take a report on an order of this symbol in."""
        self._own.note(report)

    def forget(self, name: str, *, is_gone: bool = False) -> None:
        """Wait no more for what a command does; ``is_gone``: what it was about is not there."""
        self._own.forget(name, is_gone=is_gone)

    def maker(self, name: str, account_id: str, time_ms: int) -> Command:
        """An order that rests near the touch; one in four only if it takes nothing."""
        side, price = self._maker_price()
        post_only = self._random.random() < 0.25
        lots = self._size.draw(price, self._random)
        order = limit_order(self._rules, name, account_id, time_ms, side, lots, price)
        if post_only:
            order["order_type"] = "LIMIT_MAKER"
        self._own.coming.add(name)
        return "PlaceOrder", dict(order)

    def taker(self, name: str, account_id: str, time_ms: int) -> Command:
        """A marketable order: LIMIT IOC, or MARKET by quantity or by quote quantity."""
        side: Side = self._random.choice(("BUY", "SELL"))
        mid = self._walk.move()
        reach = self._walk.half_spread * _TAKER_REACH_SPREADS
        lots = self._size.draw(mid, self._random)
        order = market_order(self._rules, name, account_id, time_ms, side, lots)
        draw = self._random.random()
        if draw < 0.6:
            order["order_type"], order["time_in_force"] = "LIMIT", "IOC"
            worst = mid + (reach if side == "BUY" else -reach)
            order["price_ticks"] = on_grid(worst, self._rules)
        else:
            add_budget(order, self._rules, mid, by_quote=draw > 0.9)
        return "PlaceOrder", dict(order)

    def cancel(self, name: str, time_ms: int) -> Command:
        """A cancel of one of the own orders, which must have a free one, as the next two."""
        return "CancelOrder", cancellation(self._rules, name, self._draw(name), time_ms)

    def requote(self, name: str, time_ms: int) -> Command:
        """Cancel-replace one of the own orders at today's price: the number of orders stays."""
        old = self._draw(name)
        if old.account_id not in self._accounts:
            # Of an earlier, larger run: nobody sees to it that this account has money.
            return "CancelOrder", cancellation(self._rules, name, old, time_ms)
        side, price = self._maker_price()
        lots = self._size.draw(price, self._random)
        place = limit_order(self._rules, name, old.account_id, time_ms, side, lots, price)
        self._own.coming.add(name)
        return replacement(self._rules, name, old, place, time_ms)

    def reduce(self, name: str, time_ms: int) -> Command:
        """Reduce one of the own orders in place; one that is too small is cancelled."""
        order = self._draw(name)
        step = max(self._rules.quantity_step_lots, 1)
        quantity = (order.quantity_lots - order.leaves_lots // 3) // step * step
        executed = order.quantity_lots - order.leaves_lots
        if not executed < quantity < order.quantity_lots or self._size.is_small(
            order.price_ticks, quantity
        ):
            return "CancelOrder", cancellation(self._rules, name, order, time_ms)
        record = {**cancellation(self._rules, name, order, time_ms), "quantity_lots": quantity}
        del record["restriction"], record["hold_id"]
        record["client_order_id"] = ""
        return "AmendOrder", record

    def largest_order(self) -> tuple[int, int]:
        """What the largest order of the flow may hold: base and quote, in minor units."""
        lots = self._size.largest(self._walk.lowest)
        worth = self._walk.highest * lots * self._rules.quote_units_per_tick_lot
        base = lots * self._rules.base_units_per_lot
        return base * BUDGET_PERCENT // 100, worth * BUDGET_PERCENT // 100

    def _draw(self, name: str) -> OpenOrder:
        order = self.open.draw(self._random, self._walk.mid)
        self._own.changing[name] = order.order_id
        return order

    def _maker_price(self) -> tuple[Side, int]:
        side: Side = self._random.choice(("BUY", "SELL"))
        mid, half = self._walk.move(), self._walk.half_spread
        distance = half + int(self._random.expovariate(1 / (5 * half)))
        return side, on_grid(mid - distance if side == "BUY" else mid + distance, self._rules)
