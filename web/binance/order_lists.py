"""Order lists, of which one order cancels the other (OCO): placed, canceled, looked at."""

from collections.abc import Callable, Mapping
from typing import Any

from web.auth.security import Security
from web.binance.cancelling import cancel_order
from web.binance.client_ids import new_client_order_id
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.binance.list_parameters import OCO, OLD_OCO, legs_of, legs_of_old
from web.binance.list_view import accepted_ms, known_list_view, list_view, reports_of
from web.binance.order_commands import Report, ask, identity
from web.binance.order_names import OrderName
from web.binance.order_parameters import SYMBOL
from web.binance.order_reply import canceled_reply, placed_reply
from web.binance.order_request import place_order
from web.binance.order_shapes import CANCELED_LIST, ORDER_LIST, PLACED_LIST
from web.binance.parameters import Parameter
from web.binance.rejections import cancel_error, placement_error
from web.binance.reply import TimeMs
from web.binance.shapes import listed
from web.state.order_lists import OrderList, list_of
from web.state.orders import OPEN

_Legs = Callable[[Mapping[str, Any]], tuple[dict[str, Any], dict[str, Any]]]
_LISTS_MAX = 1_000


async def _place_oco(call: Call) -> dict[str, Any]:
    return await _place(call, legs_of)


async def _place_old_oco(call: Call) -> dict[str, Any]:
    return await _place(call, legs_of_old)


async def _place(call: Call, legs: _Legs) -> dict[str, Any]:
    instrument = call.values["symbol"]
    outer = identity(call, instrument.symbol)
    first, second = (
        place_order(
            leg,
            outer,
            call.gateway.markets.by_symbol[instrument.symbol],
            call.gateway.balances.of(call.account_id),
            band_percent=call.gateway.settings.market_band_percent,
        )
        for leg in legs(call.values)
    )
    client_id = call.values["listClientOrderId"] or new_client_order_id()
    command = {**outer, "list_client_order_id": client_id, "first": first, "second": second}
    reports = await ask(call, "PlaceOrderList", command)
    accepted = [report for report in reports if report["execution_type"] == "NEW"]
    if len(accepted) != len((first, second)):
        raise placement_error(_reason(reports))
    list_id, time_ms = accepted[0]["order_list_id"], accepted[0]["time_ms"]
    call.gateway.order_lists.add(call.account_id, list_of(command, list_id))
    reply = list_view(instrument.symbol, list_id, client_id, accepted, time_ms=time_ms)
    if call.values["newOrderRespType"] != "ACK":
        orders = call.gateway.orders.of(call.account_id)
        reply["orderReports"] = [
            placed_reply([report], instrument, orders, kind="RESULT") for report in accepted
        ]
    return reply


def _reason(reports: list[Report]) -> Any:
    """Why a list was refused: one leg's report says it, the other's may say only that."""
    reasons = [report["reject_reason"] for report in reports]
    return next((each for each in reasons if each != "ORDER_LIST_REJECTED"), reasons[0])


async def _cancel(call: Call) -> dict[str, Any]:
    instrument = call.values["symbol"]
    known = _find(call, symbol=instrument.symbol, name="listClientOrderId")
    orders = call.gateway.orders.of(call.account_id)
    open_legs = [report for report in reports_of(known, orders) if report["order_status"] in OPEN]
    if not open_legs:
        raise cancel_error("UNKNOWN_ORDER")
    command = cancel_order(
        identity(call, instrument.symbol),
        OrderName(open_legs[0]["order_id"], ""),
        name=call.values["newClientOrderId"] or new_client_order_id(),
        restriction="NONE",
    )
    reports = await ask(call, "CancelOrder", command)
    if reports[-1]["execution_type"] != "CANCELED":
        raise cancel_error(reports[-1]["reject_reason"])
    return {
        **known_list_view(known, orders),
        "transactionTime": TimeMs(reports[-1]["time_ms"]),
        "orderReports": [
            canceled_reply(report, instrument, orders)
            for report in sorted(reports, key=lambda each: int(each["order_id"]))
        ],
    }


async def _status(call: Call) -> dict[str, Any]:
    known = _find(call, symbol="", name="origClientOrderId")
    return known_list_view(known, call.gateway.orders.of(call.account_id))


async def _open(call: Call) -> list[dict[str, Any]]:
    orders = call.gateway.orders.of(call.account_id)
    views = (known_list_view(known, orders) for known in _lists(call))
    return [view for view in views if view["listOrderStatus"] == "EXECUTING"]


async def _all(call: Call) -> list[dict[str, Any]]:
    values, orders = call.values, call.gateway.orders.of(call.account_id)
    start, end = values["startTime"], values["endTime"]
    if values["fromId"] is not None and (start is not None or end is not None):
        raise error("PARAMETERS")
    found = [
        known
        for known in _lists(call)
        if (start is None or accepted_ms(known, orders) >= start)
        and (end is None or accepted_ms(known, orders) <= end)
        and known.list_id >= (values["fromId"] or 0)
    ]
    limit = values["limit"]
    is_from_a_point = values["fromId"] is not None or start is not None
    chosen = found[:limit] if is_from_a_point else found[max(0, len(found) - limit) :]
    return [known_list_view(known, orders) for known in chosen]


def _lists(call: Call) -> list[OrderList]:
    return call.gateway.order_lists.of(call.account_id)


def _find(call: Call, *, symbol: str, name: str) -> OrderList:
    """The caller's list that a request names; the newest one where ids are of several symbols."""
    list_id, client_id = call.values["orderListId"], call.values[name]
    if list_id is None and client_id is None:
        raise error("ONE_OF", first="orderListId", second=name)
    for known in reversed(_lists(call)):
        if (
            symbol in ("", known.symbol)
            and list_id in (None, known.list_id)
            and client_id in (None, known.client_id)
        ):
            return known
    raise cancel_error("UNKNOWN_ORDER") if symbol else error("NO_SUCH_ORDER")


_LIST_ID = Parameter(
    name="orderListId", kind="integer", description="The order id of its first leg."
)

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/api/v3/orderList/oco",
        handle=_place_oco,
        summary="Place two orders of which one cancels the other; they are paid for once.",
        security=Security.TRADE,
        parameters=OCO,
        ws_method="orderList.place.oco",
        is_free_when_done=True,
        orders=2,
        replies=PLACED_LIST,
    ),
    Endpoint(
        method="POST",
        path="/api/v3/order/oco",
        handle=_place_old_oco,
        summary="The same by older parameters: a limit order and a stop-loss order.",
        security=Security.TRADE,
        parameters=OLD_OCO,
        ws_method="orderList.place",
        is_free_when_done=True,
        orders=2,
        replies=PLACED_LIST,
    ),
    Endpoint(
        method="DELETE",
        path="/api/v3/orderList",
        handle=_cancel,
        summary="Cancel both orders of a list.",
        security=Security.TRADE,
        parameters=(
            SYMBOL,
            _LIST_ID,
            Parameter(name="listClientOrderId", kind="name"),
            Parameter(name="newClientOrderId", kind="name", description="Names the cancel."),
        ),
        ws_method="orderList.cancel",
        is_free_when_done=True,
        replies=CANCELED_LIST,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/orderList",
        handle=_status,
        summary="How a list stands.",
        security=Security.USER_DATA,
        weight=4,
        parameters=(_LIST_ID, Parameter(name="origClientOrderId", kind="name")),
        ws_method="orderList.status",
        replies=ORDER_LIST,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/openOrderList",
        handle=_open,
        summary="Lists that are open.",
        security=Security.USER_DATA,
        weight=6,
        ws_method="openOrderLists.status",
        replies=listed(ORDER_LIST),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/allOrderList",
        handle=_all,
        summary="Lists, open and closed, as far as they are remembered.",
        security=Security.USER_DATA,
        weight=20,
        parameters=(
            Parameter(name="fromId", kind="integer"),
            Parameter(name="startTime", kind="time"),
            Parameter(name="endTime", kind="time"),
            Parameter(name="limit", kind="integer", default=500, most=_LISTS_MAX),
        ),
        ws_method="allOrderLists",
        replies=listed(ORDER_LIST),
    ),
)
