"""The fields that all answers about orders have in common."""

from collections.abc import Mapping
from typing import Any

from schemas.amounts import format_steps, format_units
from schemas.instruments import Instrument
from web.binance.order_types import STOPS
from web.binance.reply import TimeMs
from web.state.orders import AccountOrders

Report = Mapping[str, Any]


def amounts_of(report: Report, instrument: Instrument) -> dict[str, Any]:
    """Price and quantities, asked for and executed."""
    return {
        "price": format_steps(report["price_ticks"], instrument.tick_size),
        "origQty": format_steps(report["quantity_lots"], instrument.lot_size),
        "executedQty": format_steps(report["cumulative_quantity_lots"], instrument.lot_size),
        "origQuoteOrderQty": format_units(report["quote_quantity_units"]),
        "cummulativeQuoteQty": format_units(report["cumulative_quote_units"]),
    }


def terms_of(report: Report) -> dict[str, Any]:
    """Status and terms."""
    return {
        "status": report["order_status"],
        "timeInForce": report["time_in_force"],
        "type": report["order_type"],
        "side": report["side"],
    }


NOT_IN_A_LIST = -1


def list_id_of(report: Report) -> int:
    """The list that an order is in."""
    return report["order_list_id"] or NOT_IN_A_LIST


def working_time(report: Report) -> int:
    """Since when an order works; -1: it does not yet."""
    at: int = report["working_time_ms"]
    return TimeMs(at) if at else -1


def conditional_fields(
    report: Report, instrument: Instrument, orders: AccountOrders
) -> dict[str, Any]:
    """What is told of some orders only; ``orders`` are its owner's."""
    fields: dict[str, Any] = {}
    if report["order_type"] in STOPS:
        fields["stopPrice"] = format_steps(report["stop_price_ticks"], instrument.tick_size)
    if report["iceberg_lots"]:
        fields["icebergQty"] = format_steps(report["iceberg_lots"], instrument.lot_size)
    return fields | ending_fields(report, instrument, orders)


def ending_fields(report: Report, instrument: Instrument, orders: AccountOrders) -> dict[str, Any]:
    """Why an order expired."""
    fields: dict[str, Any] = {}
    if report["order_status"] == "EXPIRED_IN_MATCH":
        match_id = orders.prevented_match_id(instrument.symbol, report["order_id"])
        if match_id is not None:
            fields["preventedMatchId"] = match_id
        prevented = report["prevented_quantity_lots"]
        fields["preventedQuantity"] = format_steps(prevented, instrument.lot_size)
    if report["expiry_reason"] != "NONE":
        fields["expiryReason"] = expiry_reason(report["expiry_reason"])
    return fields


def expiry_reason(reason: str) -> str:
    """Binance's name of why an order expired."""
    # Its orders have no budget: to them the band is what the market is too thin for.
    return "INSUFFICIENT_LIQUIDITY" if reason == "BUDGET_EXHAUSTED" else reason
