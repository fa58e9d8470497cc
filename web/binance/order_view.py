"""How an order stands, as the queries show it: from memory, or from what was written down."""

from collections.abc import Mapping
from typing import Any

from schemas.amounts import format_steps
from schemas.instruments import Instrument
from web.binance.order_fields import (
    NOT_IN_A_LIST,
    amounts_of,
    ending_fields,
    expiry_reason,
    list_id_of,
    terms_of,
    working_time,
)
from web.binance.reply import TimeMs
from web.state.account_history import PastOrder
from web.state.orders import AccountOrders

Report = Mapping[str, Any]


def order_view(report: Report, instrument: Instrument, orders: AccountOrders) -> dict[str, Any]:
    """The order of a report; ``orders`` are its owner's."""
    # Before matching has it, it has no time of its own.
    created = report["order_time_ms"] or report["time_ms"]
    amounts = amounts_of(report, instrument)
    quote = amounts.pop("origQuoteOrderQty")
    return {
        "symbol": instrument.symbol,
        "orderId": report["order_id"],
        "orderListId": list_id_of(report),
        "clientOrderId": report["client_order_id"],
        **amounts,
        **terms_of(report),
        "stopPrice": format_steps(report["stop_price_ticks"], instrument.tick_size),
        "icebergQty": format_steps(report["iceberg_lots"], instrument.lot_size),
        "time": TimeMs(created),
        "updateTime": TimeMs(report["time_ms"]),
        "isWorking": report["is_working"],
        "workingTime": working_time(report),
        "origQuoteOrderQty": quote,
        "selfTradePreventionMode": report["self_trade_prevention"],
        **ending_fields(report, instrument, orders),
    }


def past_order_view(order: PastOrder) -> dict[str, Any]:
    """An order that was written down; which match made it expire is not told there."""
    view: dict[str, Any] = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": NOT_IN_A_LIST,
        "clientOrderId": order.client_order_id,
        "price": order.price,
        "origQty": order.quantity,
        "executedQty": order.executed_quantity,
        "cummulativeQuoteQty": order.executed_quote,
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.order_type,
        "side": order.side,
        "stopPrice": order.stop_price,
        "icebergQty": order.iceberg_quantity,
        "time": TimeMs(order.created_ms),
        "updateTime": TimeMs(order.updated_ms),
        "isWorking": order.is_working,
        "workingTime": TimeMs(order.working_ms) if order.working_ms else -1,
        "origQuoteOrderQty": order.quote_quantity,
        "selfTradePreventionMode": order.self_trade_prevention,
    }
    if order.status == "EXPIRED_IN_MATCH":
        view["preventedQuantity"] = order.prevented_quantity
    if order.expiry_reason != "NONE":
        view["expiryReason"] = expiry_reason(order.expiry_reason)
    return view
