"""Canceling an order and placing another one in its stead, in one command."""

from collections.abc import Sequence
from typing import Any

from web.auth.security import Security
from web.binance.asking import Report, ask
from web.binance.cancelling import cancel_order
from web.binance.client_ids import new_client_order_id
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.binance.order_names import order_name
from web.binance.order_parameters import CANCEL_RESTRICTIONS, SYMBOL, TERMS
from web.binance.order_reply import canceled_reply, placed_reply, response_type
from web.binance.order_shapes import REPLACED
from web.binance.parameters import Parameter
from web.binance.placing import placement
from web.binance.rejections import cancel_error, placement_error

_SUCCESS, _FAILURE, _NOT_ATTEMPTED = "SUCCESS", "FAILURE", "NOT_ATTEMPTED"


async def _replace(call: Call) -> dict[str, Any]:
    values = call.values
    order = order_name(values, id_name="cancelOrderId", name_name="cancelOrigClientOrderId")
    if values["orderRateLimitExceededMode"] == "CANCEL_ONLY":
        raise error("NOT_SUPPORTED")
    place = await placement(call)
    outer = {name: place[name] for name in ("command_id", "account_id", "symbol", "time_ms")}
    cancel = cancel_order(
        outer,
        order,
        name=values["cancelNewClientOrderId"] or new_client_order_id(),
        restriction=values["cancelRestrictions"],
    )
    command = {
        **outer,
        "mode": values["cancelReplaceMode"],
        "cancel": cancel,
        "place": place,
    }
    return _outcome(call, await ask(call, "CancelReplaceOrder", command))


def _outcome(call: Call, reports: Sequence[Report]) -> dict[str, Any]:
    """The answer, or the error with both halves' answers in it."""
    canceled = next((each for each in reports if _is_of_the_cancel(each)), None)
    last = reports[-1]
    is_refused = last["execution_type"] == "REJECTED"
    if is_refused and (canceled is None or not (canceled["execution_id"] or last["execution_id"])):
        # The placement is looked at first: nothing was attempted.
        raise placement_error(last["reject_reason"])
    assert canceled is not None
    cancel_result, cancel_reply = _cancel_half(call, canceled)
    place_result, place_reply = _place_half(call, reports) if not is_refused else _refusal(last)
    data = {
        "cancelResult": cancel_result,
        "newOrderResult": place_result,
        "cancelResponse": cancel_reply,
        "newOrderResponse": place_reply,
    }
    successes = (cancel_result, place_result).count(_SUCCESS)
    if successes == 1:
        raise error("REPLACE_PARTLY_FAILED", data=data)
    if not successes:
        raise error("REPLACE_FAILED", data=data)
    return data


def _is_of_the_cancel(report: Report) -> bool:
    return report["execution_type"] in ("CANCELED", "CANCEL_REJECTED")


def _cancel_half(call: Call, report: Report) -> tuple[str, dict[str, Any]]:
    if report["execution_type"] == "CANCELED":
        orders = call.gateway.orders.of(call.account_id)
        return _SUCCESS, canceled_reply(report, call.values["symbol"], orders)
    return _FAILURE, cancel_error(report["reject_reason"]).as_json()


def _place_half(call: Call, reports: Sequence[Report]) -> tuple[str, dict[str, Any]]:
    orders = call.gateway.orders.of(call.account_id)
    kind = response_type(call.values)
    placed = [each for each in reports if not _is_of_the_cancel(each)]
    return _SUCCESS, placed_reply(placed, call.values["symbol"], orders, kind=kind)


def _refusal(report: Report) -> tuple[str, dict[str, Any] | None]:
    if report["reject_reason"] == "CANCEL_REPLACE_STOPPED":
        return _NOT_ATTEMPTED, None
    return _FAILURE, placement_error(report["reject_reason"]).as_json()


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/api/v3/order/cancelReplace",
        handle=_replace,
        summary="Cancel an order and place another one.",
        security=Security.TRADE,
        parameters=(
            SYMBOL,
            *TERMS,
            Parameter(
                name="cancelReplaceMode",
                kind="choice",
                is_required=True,
                values=("STOP_ON_FAILURE", "ALLOW_FAILURE"),
                description="Whether the order is placed where the cancel fails.",
            ),
            Parameter(name="cancelOrderId", kind="integer"),
            Parameter(name="cancelOrigClientOrderId", kind="name"),
            Parameter(
                name="cancelNewClientOrderId", kind="name", description="Names the cancel itself."
            ),
            CANCEL_RESTRICTIONS,
            Parameter(
                name="orderRateLimitExceededMode",
                kind="choice",
                values=("DO_NOTHING", "CANCEL_ONLY"),
                description="CANCEL_ONLY is not supported.",
            ),
        ),
        ws_method="order.cancelReplace",
        is_free_when_done=True,
        orders=1,
        replies=REPLACED,
    ),
)
