"""What an account traded, and what it did not trade with itself."""

from collections.abc import Mapping
from typing import Any

from schemas.amounts import format_steps, format_units
from schemas.instruments import Instrument
from web.auth.security import Security
from web.binance.account_shapes import NOTHING
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.binance.histories import LIMIT, WINDOW, cut, from_history, read_window
from web.binance.order_commands import Report
from web.binance.order_fields import NOT_IN_A_LIST
from web.binance.order_parameters import SYMBOL
from web.binance.order_reply import commission_asset
from web.binance.order_shapes import PREVENTED_MATCH, TRADE
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.binance.shapes import listed
from web.state.account_history import PastTrade, Span
from web.state.prevented_matches import PreventedMatch


async def _my_trades(call: Call) -> list[dict[str, Any]]:
    values = call.values
    instrument = values["symbol"]
    start_ms, end_ms = read_window(values)
    if values["fromId"] is not None and (start_ms is not None or end_ms is not None):
        raise error("PARAMETERS")
    span = Span(
        limit=values["limit"],
        from_id=values["fromId"],
        start_ms=start_ms,
        end_ms=end_ms,
        order_id=values["orderId"],
    )
    past = call.gateway.account_history.trades(call.account_id, instrument.symbol, span)
    # Of a trade with oneself there are two halves, each of its own order.
    found = {(each.trade_id, each.order_id): each for each in await from_history(call, past, [])}
    for report in call.gateway.orders.of(call.account_id).trades:
        if report["symbol"] == instrument.symbol and _is_wanted(report, span):
            found[report["trade_id"], report["order_id"]] = _trade(report, instrument)
    return [_view(each, instrument) for each in cut(found, span)]


def _is_wanted(report: Report, span: Span) -> bool:
    return span.order_id in (None, report["order_id"]) and span.holds(
        report["trade_id"], report["time_ms"]
    )


def _trade(report: Report, instrument: Instrument) -> PastTrade:
    return PastTrade(
        instrument.symbol,
        report["trade_id"],
        report["order_id"],
        report["side"],
        report["role"],
        format_steps(report["last_price_ticks"], instrument.tick_size),
        format_steps(report["last_quantity_lots"], instrument.lot_size),
        format_units(report["last_quote_units"]),
        format_units(report["commission_units"]),
        report["time_ms"],
    )


def _view(trade: PastTrade, instrument: Instrument) -> dict[str, Any]:
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": NOT_IN_A_LIST,
        "price": trade.price,
        "qty": trade.quantity,
        "quoteQty": trade.quote,
        "commission": trade.commission,
        "commissionAsset": commission_asset(trade.side, instrument),
        "time": TimeMs(trade.time_ms),
        "isBuyer": trade.side == "BUY",
        "isMaker": trade.role == "MAKER",
        "isBestMatch": True,
    }


def _trades_weight(values: Mapping[str, Any]) -> int:
    return 20 if values["orderId"] is None else 5


async def _prevented_matches(call: Call) -> list[dict[str, Any]]:
    values = call.values
    instrument = values["symbol"]
    match_id, order_id = values["preventedMatchId"], values["orderId"]
    since = values["fromPreventedMatchId"]
    if (match_id is None) == (order_id is None) or (match_id is not None and since is not None):
        raise error("PARAMETERS")
    found = [
        each
        for each in call.gateway.orders.of(call.account_id).prevented
        if each.symbol == instrument.symbol
        and match_id in (None, each.match_id, each.second_id)
        and order_id in (None, each.taker_order_id, each.maker_order_id)
        and each.match_id >= (since or 0)
    ]
    return [_prevented_view(each, instrument) for each in found[: values["limit"]]]


def _prevented_view(match: PreventedMatch, instrument: Instrument) -> dict[str, Any]:
    return {
        "symbol": match.symbol,
        "preventedMatchId": match.match_id,
        "takerOrderId": match.taker_order_id,
        "makerSymbol": match.symbol,
        "makerOrderId": match.maker_order_id,
        "tradeGroupId": -1,
        "selfTradePreventionMode": match.mode,
        "price": format_steps(match.price_ticks, instrument.tick_size),
        "makerPreventedQuantity": format_steps(match.maker_lots, instrument.lot_size),
        "transactTime": TimeMs(match.time_ms),
    }


def _prevented_weight(values: Mapping[str, Any]) -> int:
    return 20 if values["preventedMatchId"] is None else 2


async def _allocations(_call: Call) -> list[dict[str, Any]]:
    # Orders are matched in their symbol's book alone, so nothing is ever allocated.
    return []


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/myTrades",
        handle=_my_trades,
        summary="The account's trades in a symbol.",
        security=Security.USER_DATA,
        weight=_trades_weight,
        parameters=(
            SYMBOL,
            Parameter(name="orderId", kind="integer", description="Of this order alone."),
            *WINDOW,
            Parameter(name="fromId", kind="integer", description="The first one wanted."),
            LIMIT,
        ),
        ws_method="myTrades",
        replies=listed(TRADE),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/myPreventedMatches",
        handle=_prevented_matches,
        summary="Matches that did not happen because both orders were the account's; the newest "
        "ones, as long as they are in memory.",
        security=Security.USER_DATA,
        weight=_prevented_weight,
        parameters=(
            SYMBOL,
            Parameter(name="preventedMatchId", kind="integer"),
            Parameter(name="orderId", kind="integer"),
            Parameter(name="fromPreventedMatchId", kind="integer"),
            LIMIT,
        ),
        ws_method="myPreventedMatches",
        replies=listed(PREVENTED_MATCH),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/myAllocations",
        handle=_allocations,
        summary="Allocations of smart order routing: there are none.",
        security=Security.USER_DATA,
        weight=20,
        parameters=(
            SYMBOL,
            *WINDOW,
            Parameter(name="fromAllocationId", kind="integer"),
            LIMIT,
            Parameter(name="orderId", kind="integer"),
        ),
        ws_method="myAllocations",
        replies=NOTHING,
    ),
)
