"""Canceling one order, or all that are open in a symbol."""

import asyncio
from collections.abc import Mapping
from typing import Any

from web.auth.security import Security
from web.binance.client_ids import new_client_order_id
from web.binance.endpoint import Call, Endpoint
from web.binance.order_commands import Report, ask, identity
from web.binance.order_names import OrderName, mismatch, order_name
from web.binance.order_parameters import (
    CANCEL_RESTRICTIONS,
    CLIENT_ORDER_ID,
    ORDER_ID,
    SYMBOL,
)
from web.binance.order_reply import canceled_reply
from web.binance.order_shapes import CANCELED
from web.binance.parameters import Parameter
from web.binance.rejections import cancel_error
from web.binance.shapes import listed


def cancel_order(
    identity_of: Mapping[str, Any], order: OrderName, *, name: str, restriction: str
) -> dict[str, Any]:
    """The CancelOrder of an order; ``name`` is the cancel's own."""
    return {
        **identity_of,
        "order_id": order.order_id,
        "original_client_order_id": order.client_order_id,
        "client_order_id": name,
        "restriction": restriction,
        "hold_id": "",
    }


async def _cancel(call: Call) -> dict[str, Any]:
    values = call.values
    order = order_name(values)
    command = cancel_order(
        identity(call, values["symbol"].symbol),
        order,
        name=values["newClientOrderId"] or new_client_order_id(),
        restriction=values["cancelRestrictions"],
    )
    report = (await ask(call, "CancelOrder", command))[-1]
    if report["execution_type"] != "CANCELED":
        if report["reject_reason"] == "UNKNOWN_ORDER" and (wrong := mismatch(call, order)):
            raise wrong
        raise cancel_error(report["reject_reason"])
    return _reply(call, report)


async def _cancel_all(call: Call) -> list[dict[str, Any]]:
    symbol = call.values["symbol"].symbol
    name = new_client_order_id()
    numbers = sorted(
        number for of, number in call.gateway.orders.of(call.account_id).open if of == symbol
    )
    answers = await asyncio.gather(
        *(
            ask(
                call,
                "CancelOrder",
                cancel_order(
                    identity(call, symbol), OrderName(number, ""), name=name, restriction="NONE"
                ),
            )
            for number in numbers
        )
    )
    # The second order of a list is canceled along with the first one.
    reports = [report for answer in answers for report in answer]
    canceled = [each for each in reports if each["execution_type"] == "CANCELED"]
    if not canceled:
        raise cancel_error(reports[0]["reject_reason"] if reports else "UNKNOWN_ORDER")
    # What was filled meanwhile is not canceled, and not to be.
    return [_reply(call, report) for report in canceled]


def _reply(call: Call, report: Report) -> dict[str, Any]:
    orders = call.gateway.orders.of(call.account_id)
    return canceled_reply(report, call.values["symbol"], orders)


ENDPOINTS = (
    Endpoint(
        method="DELETE",
        path="/api/v3/order",
        handle=_cancel,
        summary="Cancel an order.",
        security=Security.TRADE,
        parameters=(
            SYMBOL,
            ORDER_ID,
            CLIENT_ORDER_ID,
            Parameter(
                name="newClientOrderId",
                kind="name",
                description="Names the cancel itself; made where none is sent.",
            ),
            CANCEL_RESTRICTIONS,
        ),
        ws_method="order.cancel",
        is_free_when_done=True,
        replies=CANCELED,
    ),
    Endpoint(
        method="DELETE",
        path="/api/v3/openOrders",
        handle=_cancel_all,
        summary="Cancel all open orders of a symbol.",
        security=Security.TRADE,
        parameters=(SYMBOL,),
        ws_method="openOrders.cancelAll",
        is_free_when_done=True,
        replies=listed(CANCELED),
    ),
)
