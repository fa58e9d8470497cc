"""One symbol's part of the flow: what is placed, taken, cancelled; pure."""

from collections.abc import Collection, Iterable
from math import exp, log
from random import Random
from typing import Any

from schemas.enums import Side
from schemas.instruments import Instrument
from schemas.records import PlaceOrder
from streams.domain.events import ReportEvent
from streams.domain.market import Market
from streams.domain.order import Order
from tradeflow.flow.open_orders import OpenOrder, OpenOrders
from tradeflow.flow.price_walk import PriceWalk, on_grid

Command = tuple[str, dict[str, Any]]
"""The name of the record, and the record."""

_FORGET_EVERY = 1_000
# Orders are worth between 2 and 400 times the least notional, each magnitude alike.
_NOTIONAL_MIN, _NOTIONAL_MAX = 2, 400
_DEFAULT_LOTS = (1, 1_000)
# How far beyond the touch takers go, and what a market order may cost beyond the mid price.
_TAKER_REACH_SPREADS = 5
_BUDGET_PERCENT = 105


class SymbolFlow:
    """Makes commands for one symbol and follows them in a market of its own.

    The market is the exchange's own engine, so the flow knows its open orders without reading a
    report; it is exact as long as nobody else trades.  ``own`` are orders of the market that the
    flow may cancel from the start: those of an earlier run.  Each command is given its id as
    ``name``, which is its client order id too.
    """

    def __init__(
        self,
        instrument: Instrument,
        random: Random,
        market: Market,
        accounts: Collection[str],
        own: Iterable[Order] = (),
    ) -> None:
        self._rules = instrument
        self.open = OpenOrders()
        self._random = random
        self._market = market
        self._applied = 0
        last = market.state.last_price_ticks
        self._walk = PriceWalk(instrument, random, last or None)
        self._accounts = accounts
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

    def maker(self, name: str, account_id: str, time_ms: int) -> Command:
        """An order that rests near the touch; one in four only if it takes nothing."""
        side, price = self._maker_price()
        post_only = self._random.random() < 0.25
        order = self._order(name, account_id, time_ms, side, self._quantity(price))
        order["order_type"] = "LIMIT_MAKER" if post_only else "LIMIT"
        order["time_in_force"] = "GTC"
        self._set_price(order, price)
        return self._follow("PlaceOrder", dict(order))

    def taker(self, name: str, account_id: str, time_ms: int) -> Command:
        """A marketable order: LIMIT IOC, or MARKET by quantity or by quote quantity."""
        side: Side = self._random.choice(("BUY", "SELL"))
        mid = self._walk.move()
        reach = self._walk.half_spread * _TAKER_REACH_SPREADS
        order = self._order(name, account_id, time_ms, side, self._quantity(mid))
        draw = self._random.random()
        if draw < 0.6:
            order["order_type"], order["time_in_force"] = "LIMIT", "IOC"
            self._set_price(order, on_grid(mid + (reach if side == "BUY" else -reach), self._rules))
        else:
            self._make_market_order(order, mid, by_quote=draw > 0.9)
        return self._follow("PlaceOrder", dict(order))

    def cancel(self, name: str, time_ms: int, order: OpenOrder | None = None) -> Command:
        """A cancel of one of the own orders: the given one, or any."""
        order = order or self.open.draw(self._random)
        return self._follow("CancelOrder", self._cancel(name, order, time_ms))

    def requote(self, name: str, time_ms: int) -> Command:
        """Cancel-replace one of the own orders at today's price: the number of orders stays."""
        old = self.open.draw(self._random)
        side, price = self._maker_price()
        place = self._order(name, old.account_id, time_ms, side, self._quantity(price))
        place["order_type"], place["time_in_force"] = "LIMIT", "GTC"
        self._set_price(place, price)
        record = {
            "command_id": name,
            "account_id": old.account_id,
            "symbol": self._rules.symbol,
            "mode": "STOP_ON_FAILURE",
            "cancel": self._cancel(name, old, time_ms),
            "place": place,
            "time_ms": time_ms,
        }
        return self._follow("CancelReplaceOrder", record)

    def reduce(self, name: str, time_ms: int) -> Command:
        """Reduce one of the own orders in place; one that is too small is cancelled."""
        order = self.open.draw(self._random)
        step = max(self._rules.quantity_step_lots, 1)
        quantity = (order.quantity_lots - order.leaves_lots // 3) // step * step
        executed = order.quantity_lots - order.leaves_lots
        if not executed < quantity < order.quantity_lots or self._is_small(order, quantity):
            return self._follow("CancelOrder", self._cancel(name, order, time_ms))
        record = {**self._cancel(name, order, time_ms), "quantity_lots": quantity}
        del record["restriction"], record["hold_id"]
        record["client_order_id"] = ""
        return self._follow("AmendOrder", record)

    def _maker_price(self) -> tuple[Side, int]:
        side: Side = self._random.choice(("BUY", "SELL"))
        mid, half = self._walk.move(), self._walk.half_spread
        distance = half + int(self._random.expovariate(1 / (5 * half)))
        return side, on_grid(mid - distance if side == "BUY" else mid + distance, self._rules)

    def _quantity(self, price_ticks: int) -> int:
        """A quantity in lots that the filters let through at the price."""
        rules, random = self._rules, self._random
        step = max(rules.quantity_step_lots, 1)
        lot_units = price_ticks * rules.quote_units_per_tick_lot
        low, high = _DEFAULT_LOTS
        if rules.min_notional_units:
            low = -(-_NOTIONAL_MIN * rules.min_notional_units // lot_units)
            high = _NOTIONAL_MAX * rules.min_notional_units // lot_units
        if rules.max_notional_units:
            high = min(high, rules.max_notional_units // lot_units)
        drawn = int(exp(random.uniform(log(max(low, 1)), log(max(high, low, 1)))))
        most = min(
            bound or drawn for bound in (rules.max_quantity_lots, rules.market_max_quantity_lots)
        )
        least = max(rules.min_quantity_lots, rules.market_min_quantity_lots, step)
        return max(min(drawn, most), least) // step * step

    def _is_small(self, order: OpenOrder, quantity_lots: int) -> bool:
        rules = self._rules
        notional = order.price_ticks * quantity_lots * rules.quote_units_per_tick_lot
        return notional < rules.min_notional_units or quantity_lots < rules.min_quantity_lots

    def _order(
        self, name: str, account_id: str, time_ms: int, side: Side, quantity_lots: int
    ) -> PlaceOrder:
        """A MARKET order by quantity without a budget: the callers make of it what they need."""
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
            "maker_rate_ppm": self._rules.maker_rate_ppm,
            "taker_rate_ppm": self._rules.taker_rate_ppm,
            "time_ms": time_ms,
        }

    @staticmethod
    def _set_price(order: PlaceOrder, price_ticks: int) -> None:
        order["price_ticks"] = price_ticks
        order["reserved_price_ticks"] = price_ticks if order["side"] == "BUY" else 0

    def _make_market_order(self, order: PlaceOrder, mid_ticks: int, *, by_quote: bool) -> None:
        price = mid_ticks * _BUDGET_PERCENT // 100
        amount = order["quantity_lots"] * self._rules.quote_units_per_tick_lot
        if by_quote:
            order["quantity_lots"] = 0
            order["quote_quantity_units"] = amount * mid_ticks
        if order["side"] == "BUY":
            order["budget_units"] = amount * (mid_ticks if by_quote else price)

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

    def _follow(self, kind: str, record: dict[str, Any]) -> Command:
        """Carry the command out in the flow's own market."""
        for report in self._market.apply(kind, record).reports:
            self._note(report)
        self._applied += 1
        if self._applied % _FORGET_EVERY == 0:
            # No table is written here; what piles up for one is let go.
            self._market.take_changes()
        return kind, record

    def _note(self, report: ReportEvent) -> None:
        order_id, leaves = report.order_id, report.leaves_quantity_lots
        if not leaves:
            self.open.discard(order_id)
        elif report.account_id in self._accounts or order_id in self.open:
            self.open.put(
                OpenOrder(
                    order_id,
                    report.account_id,
                    report.client_order_id,
                    report.side,
                    report.price_ticks,
                    report.quantity_lots,
                    leaves,
                )
            )
