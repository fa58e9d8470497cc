"""How orders stand: one, the open ones, all of them."""

from collections.abc import Mapping
from typing import Any

from web.auth.security import Security
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import BinanceError, error
from web.binance.histories import LIMIT, WINDOW, cut, from_history, read_window
from web.binance.order_commands import Report, ask, identity
from web.binance.order_names import OrderName, mismatch, order_name
from web.binance.order_parameters import CLIENT_ORDER_ID, ORDER_ID, SYMBOL
from web.binance.order_shapes import ORDER
from web.binance.order_view import order_view, past_order_view
from web.binance.parameters import Parameter
from web.binance.rejections import query_error
from web.binance.shapes import listed
from web.exchange.desk import UnknownOutcomeError
from web.state.account_history import HistoryAwayError, PastOrder, Span

_ALIVE = frozenset({"PENDING_NEW", "NEW", "PARTIALLY_FILLED"})


async def _order(call: Call) -> dict[str, Any]:
    name = order_name(call.values)
    report = _remembered(call, name)
    if report is not None:
        return _view(call, report)
    wrong = mismatch(call, name)
    if wrong is not None:
        raise wrong
    # What memory does not have may stand in the log behind what is read: the stage is asked, behind
    # the placement that may not be answered yet.
    unknown: Exception | None = None
    try:
        report = await _ask_the_stage(call, name)
    except (UnknownOutcomeError, BinanceError) as error_of_asking:
        unknown = error_of_asking
    if report is not None and report["order_status"] in _ALIVE:
        return _view(call, report)
    past = await _past_order(call, name)
    # The stage does not say when an order ended; what was written down does.
    if past is not None and (report is None or past.status == report["order_status"]):
        return past_order_view(past)
    if report is not None:
        return _view(call, report)
    raise unknown or error("NO_SUCH_ORDER")


def _remembered(call: Call, name: OrderName) -> Report | None:
    orders = call.gateway.orders.of(call.account_id)
    symbol = call.values["symbol"].symbol
    if not name.order_id:
        return orders.find_by_client_id(symbol, name.client_order_id)
    report = orders.find(symbol, name.order_id)
    is_it = not name.client_order_id or (
        report is not None and report["client_order_id"] == name.client_order_id
    )
    return report if is_it else None


async def _ask_the_stage(call: Call, name: OrderName) -> Report | None:
    """What the orders stage says; None where it knows of no such order."""
    command = {
        **identity(call, call.values["symbol"].symbol),
        "order_id": name.order_id,
        "original_client_order_id": name.client_order_id,
    }
    report = (await ask(call, "QueryOrder", command))[-1]
    if report["execution_type"] == "ORDER_STATUS":
        return report
    if report["reject_reason"] != "UNKNOWN_ORDER":
        raise query_error(report["reject_reason"])
    return None


async def _past_order(call: Call, name: OrderName) -> PastOrder | None:
    history, symbol = call.gateway.account_history, call.values["symbol"].symbol
    try:
        if not name.order_id:
            return await history.named_order(call.account_id, symbol, name.client_order_id)
        found = await history.order(call.account_id, symbol, name.order_id)
    except HistoryAwayError:
        return None
    is_other = found and name.client_order_id not in ("", found.client_order_id)
    return None if is_other else found


def _view(call: Call, report: Report) -> dict[str, Any]:
    gateway = call.gateway
    return order_view(
        report, gateway.instruments[report["symbol"]], gateway.orders.of(call.account_id)
    )


async def _open_orders(call: Call) -> list[dict[str, Any]]:
    instrument = call.values["symbol"]
    known = call.gateway.orders.of(call.account_id).open
    return [
        _view(call, known[key])
        for key in sorted(known)
        if (instrument is None or key[0] == instrument.symbol)
        and key[0] in call.gateway.instruments
    ]


def _open_weight(values: Mapping[str, Any]) -> int:
    return 80 if values["symbol"] is None else 6


async def _all_orders(call: Call) -> list[dict[str, Any]]:
    values = call.values
    symbol = values["symbol"].symbol
    start_ms, end_ms = read_window(values)
    span = Span(limit=values["limit"], from_id=values["orderId"], start_ms=start_ms, end_ms=end_ms)
    past = call.gateway.account_history.orders(call.account_id, symbol, span)
    found: dict[int, Report | PastOrder] = {
        each.order_id: each for each in await from_history(call, past, [])
    }
    for report in call.gateway.orders.of(call.account_id).of_symbol(symbol):
        if not span.holds(report["order_id"], report["order_time_ms"]):
            continue
        before = found.get(report["order_id"])
        # Either may be the newer one: the history of a gateway that has just been started, say.
        if not isinstance(before, PastOrder) or before.execution_id <= report["execution_id"]:
            found[report["order_id"]] = report
    return [
        past_order_view(each) if isinstance(each, PastOrder) else _view(call, each)
        for each in cut(found, span)
    ]


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/order",
        handle=_order,
        summary="How an order stands.",
        security=Security.USER_DATA,
        weight=4,
        parameters=(SYMBOL, ORDER_ID, CLIENT_ORDER_ID),
        ws_method="order.status",
        replies=ORDER,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/openOrders",
        handle=_open_orders,
        summary="The open orders of a symbol, or of all.",
        security=Security.USER_DATA,
        weight=_open_weight,
        parameters=(Parameter(name="symbol", kind="symbol"),),
        ws_method="openOrders.status",
        replies=listed(ORDER),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/allOrders",
        handle=_all_orders,
        summary="The orders of a symbol, open and closed.",
        security=Security.USER_DATA,
        weight=20,
        parameters=(
            SYMBOL,
            Parameter(name="orderId", kind="integer", description="The first one wanted."),
            *WINDOW,
            LIMIT,
        ),
        ws_method="allOrders",
        replies=listed(ORDER),
    ),
)
