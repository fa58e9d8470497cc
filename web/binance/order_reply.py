"""What clients are told of an order they placed, canceled or amended, out of its reports."""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.amounts import format_steps, format_units
from schemas.instruments import Instrument
from web.binance.order_fields import (
    amounts_of,
    conditional_fields,
    list_id_of,
    terms_of,
    working_time,
)
from web.binance.reply import TimeMs
from web.state.orders import AccountOrders

Report = Mapping[str, Any]
_FULL_BY_DEFAULT = frozenset({"MARKET", "LIMIT"})


def response_type(values: Mapping[str, Any]) -> str:
    """ACK, RESULT or FULL, as was asked for or as is usual for the order's type."""
    asked: str | None = values["newOrderRespType"]
    return asked or ("FULL" if values["type"] in _FULL_BY_DEFAULT else "ACK")


def placed_reply(
    reports: Sequence[Report], instrument: Instrument, orders: AccountOrders, *, kind: str
) -> dict[str, Any]:
    """The answer to a placement that was accepted; ``kind`` is ACK, RESULT or FULL.

    Among the reports may be those of other orders of the account: of what it met, what it canceled,
    and stops that it triggered.
    """
    order_id = _placed_order(reports)
    own = [each for each in reports if each["order_id"] == order_id]
    last = own[-1]
    reply: dict[str, Any] = {
        "symbol": instrument.symbol,
        "orderId": order_id,
        "orderListId": list_id_of(last),
        "clientOrderId": last["client_order_id"],
        "transactTime": TimeMs(last["time_ms"]),
    }
    if kind == "ACK":
        return reply
    reply |= amounts_of(last, instrument)
    reply |= {**terms_of(last), "workingTime": working_time(last)}
    if kind == "FULL":
        fills = [each for each in own if each["execution_type"] == "TRADE"]
        reply["fills"] = [_fill(each, instrument) for each in fills]
    reply["selfTradePreventionMode"] = last["self_trade_prevention"]
    return reply | conditional_fields(last, instrument, orders)


def _placed_order(reports: Sequence[Report]) -> int:
    """The order that a command placed; a repeat is answered by how it stands."""
    for report in reports:
        if report["execution_type"] in ("NEW", "ORDER_STATUS"):
            return int(report["order_id"])
    return int(reports[-1]["order_id"])


def _fill(report: Report, instrument: Instrument) -> dict[str, Any]:
    return {
        "price": format_steps(report["last_price_ticks"], instrument.tick_size),
        "qty": format_steps(report["last_quantity_lots"], instrument.lot_size),
        "commission": format_units(report["commission_units"]),
        "commissionAsset": commission_asset(report["side"], instrument),
        "tradeId": report["trade_id"],
    }


def commission_asset(side: str, instrument: Instrument) -> str:
    """Commissions are of what is received."""
    return instrument.base_asset if side == "BUY" else instrument.quote_asset


def canceled_reply(report: Report, instrument: Instrument, orders: AccountOrders) -> dict[str, Any]:
    """The answer to a cancel that was done, from its CANCELED report."""
    return {
        "symbol": instrument.symbol,
        "origClientOrderId": report["original_client_order_id"],
        "orderId": report["order_id"],
        "orderListId": list_id_of(report),
        "clientOrderId": report["client_order_id"],
        "transactTime": TimeMs(report["time_ms"]),
        **amounts_of(report, instrument),
        **terms_of(report),
        "selfTradePreventionMode": report["self_trade_prevention"],
        **conditional_fields(report, instrument, orders),
    }


def amended_reply(report: Report, instrument: Instrument, orders: AccountOrders) -> dict[str, Any]:
    """The answer to an amendment that was done, from its REPLACED report."""
    lot = instrument.lot_size
    return {
        "transactTime": TimeMs(report["time_ms"]),
        "executionId": report["execution_id"],
        "amendedOrder": {
            "symbol": instrument.symbol,
            "orderId": report["order_id"],
            "orderListId": list_id_of(report),
            "origClientOrderId": report["original_client_order_id"],
            "clientOrderId": report["client_order_id"],
            "price": format_steps(report["price_ticks"], instrument.tick_size),
            "qty": format_steps(report["quantity_lots"], lot),
            "executedQty": format_steps(report["cumulative_quantity_lots"], lot),
            "preventedQty": format_steps(report["prevented_quantity_lots"], lot),
            "quoteOrderQty": format_units(report["quote_quantity_units"]),
            "cumulativeQuoteQty": format_units(report["cumulative_quote_units"]),
            **terms_of(report),
            "workingTime": working_time(report),
            "selfTradePreventionMode": report["self_trade_prevention"],
            **conditional_fields(report, instrument, orders),
        },
    }
