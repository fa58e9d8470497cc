"""Reducing an order in place, and what was reduced."""

from typing import Any

from schemas.amounts import format_steps
from web.auth.security import Security
from web.binance.client_ids import new_client_order_id
from web.binance.endpoint import Call, Endpoint
from web.binance.histories import LIMIT, from_history
from web.binance.order_commands import ask, identity
from web.binance.order_names import mismatch, order_name
from web.binance.order_parameters import CLIENT_ORDER_ID, ORDER_ID, SYMBOL
from web.binance.order_reply import amended_reply
from web.binance.order_request import steps
from web.binance.order_shapes import AMENDED, AMENDMENT
from web.binance.parameters import Parameter
from web.binance.rejections import amend_error
from web.binance.reply import TimeMs
from web.binance.shapes import listed
from web.state.account_history import PastAmendment


async def _amend(call: Call) -> dict[str, Any]:
    values = call.values
    instrument = values["symbol"]
    order = order_name(values)
    command = {
        **identity(call, instrument.symbol),
        "order_id": order.order_id,
        "original_client_order_id": order.client_order_id,
        "client_order_id": values["newClientOrderId"] or new_client_order_id(),
        "quantity_lots": steps(values, "newQty", instrument.lot_size),
    }
    report = (await ask(call, "AmendOrder", command))[-1]
    if report["execution_type"] != "REPLACED":
        reason = report["reject_reason"]
        if reason == "UNKNOWN_ORDER" and (wrong := mismatch(call, order)):
            raise wrong
        is_same = report["quantity_lots"] == command["quantity_lots"]
        raise amend_error(reason, is_same_quantity=is_same)
    return amended_reply(report, instrument, call.gateway.orders.of(call.account_id))


async def _amendments(call: Call) -> list[dict[str, Any]]:
    values = call.values
    symbol, order_id = values["symbol"].symbol, values["orderId"]
    lot = values["symbol"].lot_size
    known: dict[int, PastAmendment] = {}
    history = call.gateway.account_history
    past = await from_history(call, history.amendments(call.account_id, symbol, order_id), [])
    for each in past:
        known[each.execution_id] = each
    for amendment in call.gateway.orders.of(call.account_id).amendments:
        report = amendment.report
        if (report["symbol"], report["order_id"]) == (symbol, order_id):
            known[report["execution_id"]] = PastAmendment(
                symbol,
                order_id,
                report["execution_id"],
                report["original_client_order_id"],
                report["client_order_id"],
                format_steps(amendment.before_lots, lot),
                format_steps(report["quantity_lots"], lot),
                report["time_ms"],
            )
    since = values["fromExecutionId"] or 0
    wanted = sorted(each for each in known if each >= since)[: values["limit"]]
    return [_view(known[each]) for each in wanted]


def _view(amendment: PastAmendment) -> dict[str, Any]:
    return {
        "symbol": amendment.symbol,
        "orderId": amendment.order_id,
        "executionId": amendment.execution_id,
        "origClientOrderId": amendment.original_client_order_id,
        "newClientOrderId": amendment.client_order_id,
        "origQty": amendment.before_quantity,
        "newQty": amendment.quantity,
        "time": TimeMs(amendment.time_ms),
    }


ENDPOINTS = (
    Endpoint(
        method="PUT",
        path="/api/v3/order/amend/keepPriority",
        handle=_amend,
        summary="Reduce an order's quantity; it keeps its place in the queue.",
        security=Security.TRADE,
        weight=4,
        parameters=(
            SYMBOL,
            ORDER_ID,
            CLIENT_ORDER_ID,
            Parameter(
                name="newClientOrderId",
                kind="name",
                description="The order's from now on; made where none is sent.",
            ),
            Parameter(name="newQty", kind="decimal", is_required=True),
        ),
        ws_method="order.amend.keepPriority",
        replies=AMENDED,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/order/amendments",
        handle=_amendments,
        summary="The amendments of an order.",
        security=Security.USER_DATA,
        weight=4,
        parameters=(
            SYMBOL,
            Parameter(name="orderId", kind="integer", is_required=True),
            Parameter(name="fromExecutionId", kind="integer"),
            LIMIT,
        ),
        ws_method="order.amendments",
        replies=listed(AMENDMENT),
    ),
)
