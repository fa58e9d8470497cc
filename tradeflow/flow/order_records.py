"""Commands about orders, as records: whoever makes them says what is particular about each."""

from typing import Any

from schemas.enums import Side
from schemas.instruments import Instrument
from schemas.records import PlaceOrder
from tradeflow.flow.open_orders import OpenOrder

Command = tuple[str, dict[str, Any]]
"""The name of the record, and the record."""

# What a market order may cost beyond the mid price.
BUDGET_PERCENT = 105


def market_order(
    rules: Instrument, name: str, account_id: str, time_ms: int, side: Side, quantity_lots: int
) -> PlaceOrder:
    """A MARKET order by quantity without a budget: the callers make of it what they need.

    What it reserves, who pays and the rates are the exchange's to say.
    """
    return {
        "command_id": name,
        "account_id": account_id,
        "symbol": rules.symbol,
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


def limit_order(
    rules: Instrument,
    name: str,
    account_id: str,
    time_ms: int,
    side: Side,
    quantity_lots: int,
    price_ticks: int,
) -> PlaceOrder:
    """A LIMIT order, good till cancelled."""
    order = market_order(rules, name, account_id, time_ms, side, quantity_lots)
    order["order_type"], order["price_ticks"] = "LIMIT", price_ticks
    return order


def add_budget(order: PlaceOrder, rules: Instrument, mid_ticks: int, *, by_quote: bool) -> None:
    """Complete a MARKET order; what it may cost beyond the mid price is set aside too."""
    lots = order["quantity_lots"]
    amount = lots * rules.quote_units_per_tick_lot
    if by_quote:
        order["quantity_lots"] = 0
        order["quote_quantity_units"] = amount * mid_ticks
        if order["side"] == "SELL":
            base = lots * rules.base_units_per_lot
            order["budget_units"] = -(-base * BUDGET_PERCENT // 100)
    elif order["side"] == "BUY":
        order["budget_units"] = amount * mid_ticks * BUDGET_PERCENT // 100


def cancellation(rules: Instrument, name: str, order: OpenOrder, time_ms: int) -> dict[str, Any]:
    """A CancelOrder."""
    return {
        "command_id": name,
        "account_id": order.account_id,
        "symbol": rules.symbol,
        "order_id": 0,
        "original_client_order_id": order.client_order_id,
        "client_order_id": name,
        "restriction": "NONE",
        "hold_id": "",
        "time_ms": time_ms,
    }


def replacement(
    rules: Instrument, name: str, old: OpenOrder, place: PlaceOrder, time_ms: int
) -> Command:
    """Another order in the place of an old one, if that is still there."""
    return "CancelReplaceOrder", {
        "command_id": name,
        "account_id": old.account_id,
        "symbol": rules.symbol,
        "mode": "STOP_ON_FAILURE",
        "cancel": cancellation(rules, name, old, time_ms),
        "place": place,
        "time_ms": time_ms,
    }
