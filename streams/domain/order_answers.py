"""What the orders stage says itself: refusals, and how an order stands (``ORDERS.md``)."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

from schemas.codec import decode
from schemas.enums import RejectReason
from schemas.records import ExecutionReport, PlaceOrder
from streams.domain.changing import both_halves
from streams.domain.order_list import both_legs
from streams.domain.reports import refused_change, refused_placement
from streams.domain.saga import Saga


class Sent(NamedTuple):
    """A record that the stage sends: to whom, under which name."""

    to: Literal["wallet", "matching", "executions"]
    name: str
    record: Mapping[str, Any]


def refusals(
    name: str, command: Mapping[str, Any], reason: RejectReason, counter_order_id: int = 0
) -> list[Sent]:
    """The answers to a command that is refused: two to a replacement or a list, else one."""
    if name == "CancelReplaceOrder":
        cancel, place = both_halves(cast(Any, command))
        reports = [
            refused_change(cancel, "CANCEL_REJECTED", reason),
            refused_placement(place, reason),
        ]
    elif name == "PlaceOrderList":
        reports = [refused_placement(leg, reason) for leg in both_legs(cast(Any, command))]
    elif name == "PlaceOrder":
        reports = [refused_placement(cast(PlaceOrder, command), reason)]
    elif name == "QueryOrder":
        asked = cast(Any, {**command, "client_order_id": ""})
        reports = [refused_change(asked, "REJECTED", reason)]
    else:
        refused = "AMEND_REJECTED" if name == "AmendOrder" else "CANCEL_REJECTED"
        reports = [refused_change(cast(Any, command), cast(Any, refused), reason)]
    for report in reports:
        report.time_ms = command["time_ms"]
        # A hold in a refusal would be released by it.
        report.hold_id = ""
        report.counter_order_id = counter_order_id
    return [Sent("executions", "ExecutionReport", report.as_record()) for report in reports]


def status_of(saga: Saga, command: Mapping[str, Any]) -> Sent:
    """ORDER_STATUS: how the order of a saga stands, as the answer to a command."""
    report = last_report(saga)
    report["execution_id"] = 0
    report["command_id"] = command["command_id"]
    report["execution_type"] = "ORDER_STATUS"
    report["order_status"] = saga.order_status
    report["client_order_id"] = saga.client_order_id
    report["original_client_order_id"] = ""
    report["reject_reason"] = saga.reason
    report["hold_id"] = ""
    report["last_price_ticks"] = 0
    report["last_quantity_lots"] = 0
    report["last_quote_units"] = 0
    report["trade_id"] = 0
    report["counter_order_id"] = 0
    report["role"] = "NONE"
    report["commission_units"] = 0
    report["commission_rate_ppm"] = 0
    report["time_ms"] = command["time_ms"]
    return Sent("executions", "ExecutionReport", report)


def status_of_unknown(name: str, command: Mapping[str, Any]) -> Sent:
    """ORDER_STATUS where nothing is known of the order: the answer to a repeat, no refusal.

    What the command came to, or will, is said by the answer to the first one.
    """
    (refusal,) = refusals(name, command, "UNKNOWN_ORDER")
    status = {"execution_type": "ORDER_STATUS", "order_status": "NONE"}
    return Sent("executions", "ExecutionReport", {**refusal.record, **status})


def last_report(saga: Saga) -> ExecutionReport:
    """The last report on an order; before the first, what its placement says of it."""
    if saga.report:
        return cast(ExecutionReport, decode(saga.report)[1])
    report = refused_placement(placed_order(saga), saga.reason).as_record()
    report["leaves_quantity_lots"] = 0 if saga.is_closed else report["quantity_lots"]
    return report


def placed_order(saga: Saga) -> PlaceOrder:
    """The placement of a saga, under the identity of its command."""
    name, command = decode(saga.payload)
    if name == "CancelReplaceOrder":
        return both_halves(cast(Any, command))[1]
    if name == "PlaceOrderList":
        return both_legs(cast(Any, command))[saga.is_second_leg]
    return cast(PlaceOrder, command)
