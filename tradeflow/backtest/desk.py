"""What a strategy acts with: it reads the book, places, cancels and amends, and asks for timers."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from schemas.amounts import AmountError, parse_steps
from schemas.enums import Side, TimeInForce
from schemas.instruments import Instrument
from streams.domain.events import ReportEvent
from tradeflow.backtest.local_book import LocalBook
from tradeflow.backtest.own_order import OwnOrder

ACCOUNT = "backtest-strategy"
"""The account that the strategy trades with."""

Amount = int | str | Decimal
"""Whole ticks or lots, or decimal text («0.001»)."""

Send = Callable[[str, dict[str, Any]], None]
"""Takes the name of a record, and the record, on its way to the exchange."""


class DeskError(ValueError):
    """The strategy asked for something that cannot be."""


class Desk:
    """A strategy's handle; all that it knows was heard, and is as old as the latency."""

    def __init__(
        self,
        instrument: Instrument,
        *,
        seed: int,
        send: Send,
        wake: Callable[[int, str], None],
    ) -> None:
        self.instrument = instrument
        self.random = Random(seed)
        self.book = LocalBook()
        self.now_ms = 0
        """The record's time."""
        self.orders: dict[str, OwnOrder] = {}
        """Open orders by client order id, those on their way too."""
        self.position_units = 0
        """Bought less sold, commissions taken off, in minor units of the base asset."""
        self.on_sent: Callable[[OwnOrder], None] = lambda _order: None
        self._send = send
        self._wake = wake
        self._made = 0

    @property
    def position_lots(self) -> int:
        """The position in whole lots, rounded towards 0."""
        lots = abs(self.position_units) // self.instrument.base_units_per_lot
        return lots if self.position_units >= 0 else -lots

    def buy(self, quantity: Amount, price: Amount | None = None, **terms: Any) -> OwnOrder:
        """Place a buy at a limit, or at the market where no price is given.

        ``time_in_force`` may be GTC, IOC or FOK; ``post_only`` refuses an order that would trade at
        once.  Raises DeskError.
        """
        return self._place("BUY", quantity, price, **terms)

    def sell(self, quantity: Amount, price: Amount | None = None, **terms: Any) -> OwnOrder:
        """Place a sell, as ``buy``."""
        return self._place("SELL", quantity, price, **terms)

    def cancel(self, order: OwnOrder | str) -> None:
        """Cancel an open order; whether it was in time, its report says.  Raises DeskError."""
        found = self._open(order)
        if not found.is_cancelling:
            found.is_cancelling = True
            self._send("CancelOrder", self._aimed(found) | {"restriction": "NONE", "hold_id": ""})

    def cancel_all(self) -> None:
        """Cancel all open orders."""
        for order in list(self.orders.values()):
            self.cancel(order)

    def amend(self, order: OwnOrder | str, quantity: Amount) -> None:
        """Lower an order's whole quantity; it keeps its place in the queue.  Raises DeskError."""
        found = self._open(order)
        self._send("AmendOrder", self._aimed(found) | {"quantity_lots": self.lots(quantity)})

    def wake(self, after_ms: int, name: str = "") -> None:
        """Call ``on_timer`` in so many milliseconds, 1 or more.  Raises DeskError."""
        if after_ms < 1:
            raise DeskError(f"a timer of {after_ms} ms: it must be 1 or more")
        self._wake(self.now_ms + after_ms, name)

    def ticks(self, price: Amount) -> int:
        """A price in ticks.  Raises DeskError."""
        return _steps("price", price, self.instrument.tick_size)

    def lots(self, quantity: Amount) -> int:
        """A quantity in lots.  Raises DeskError."""
        return _steps("quantity", quantity, self.instrument.lot_size)

    def hear(self, report: ReportEvent) -> OwnOrder | None:
        """Take a report on an own order in; None if it is of no order that is open."""
        name = report.client_order_id
        if report.execution_type in ("CANCEL_REJECTED", "AMEND_REJECTED"):
            name = report.original_client_order_id
        order = self.orders.get(name) or self.orders.get(report.original_client_order_id)
        if report.execution_type == "TRADE":
            self._count(report)
        if order is not None:
            order.hear(report)
            if order.is_closed:
                del self.orders[order.client_order_id]
        return order

    def _count(self, report: ReportEvent) -> None:
        units = report.last_quantity_lots * self.instrument.base_units_per_lot
        if report.side == "BUY":
            self.position_units += units - report.commission_units
        else:
            self.position_units -= units

    def _place(
        self,
        side: Side,
        quantity: Amount,
        price: Amount | None,
        *,
        time_in_force: TimeInForce = "GTC",
        post_only: bool = False,
    ) -> OwnOrder:
        if post_only and price is None:
            raise DeskError("a market order cannot be post-only")
        order_type = "MARKET" if price is None else "LIMIT_MAKER" if post_only else "LIMIT"
        name = self._name()
        price_ticks = 0 if price is None else self.ticks(price)
        lots = self.lots(quantity)
        order = OwnOrder(name, side, price_ticks, lots, self.now_ms, self.book.double_mid_ticks)
        self.orders[name] = order
        self.on_sent(order)
        self._send(
            "PlaceOrder",
            self._outer(name)
            | {
                "client_order_id": name,
                "side": side,
                "order_type": order_type,
                "time_in_force": time_in_force,
                "price_ticks": price_ticks,
                "stop_price_ticks": 0,
                "quantity_lots": lots,
                "quote_quantity_units": 0,
                "iceberg_lots": 0,
                "self_trade_prevention": "EXPIRE_MAKER",
                "budget_units": 0,
                "reserved_price_ticks": 0,
                "hold_id": "",
                "maker_rate_ppm": 0,
                "taker_rate_ppm": 0,
            },
        )
        return order

    def _open(self, order: OwnOrder | str) -> OwnOrder:
        name = order if isinstance(order, str) else order.client_order_id
        found = self.orders.get(name)
        if found is None:
            raise DeskError(f"{name} is no open order")
        return found

    def _aimed(self, order: OwnOrder) -> dict[str, Any]:
        return self._outer(self._name()) | {
            "order_id": 0,
            "original_client_order_id": order.client_order_id,
            # An amended order keeps its name, so that the strategy need not follow it.
            "client_order_id": "",
        }

    def _outer(self, name: str) -> dict[str, Any]:
        return {
            "command_id": name,
            "account_id": ACCOUNT,
            "symbol": self.instrument.symbol,
            "time_ms": self.now_ms,
        }

    def _name(self) -> str:
        self._made += 1
        return f"own-{self._made}"


def _steps(what: str, amount: Amount, size: str) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal):
        raise DeskError(f"the {what} {amount!r} is neither whole {what} steps nor decimal text")
    if isinstance(amount, int):
        return amount
    try:
        return parse_steps(amount if isinstance(amount, str) else f"{amount:f}", size)
    except AmountError as error:
        raise DeskError(f"the {what} {amount} will not do: {error}") from None
