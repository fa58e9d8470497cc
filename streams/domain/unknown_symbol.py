"""Answers to commands on symbols that do not exist: no market numbers them, and nothing changes."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.records import (
    AmendOrder,
    CancelOrder,
    CancelReplaceOrder,
    PlaceOrder,
    PlaceOrderList,
    SetSymbolStatus,
)
from streams.domain.changing import both_halves
from streams.domain.events import ReportEvent
from streams.domain.order_list import both_legs
from streams.domain.outcome import Outcome
from streams.domain.reports import refused_change, refused_placement, status_report


def unknown_symbol(kind: str, command: Mapping[str, Any]) -> Outcome:
    """Refuse a command with UNKNOWN_SYMBOL; a Tick is for nobody and yields nothing."""
    reports = [] if kind == "Tick" else _REFUSALS[kind](command)
    for report in reports:
        report.time_ms = command["time_ms"]
    return Outcome(reports, [], None)


def _placement(command: PlaceOrder) -> list[ReportEvent]:
    return [refused_placement(command, "UNKNOWN_SYMBOL")]


def _cancel(command: CancelOrder) -> list[ReportEvent]:
    return [refused_change(command, "CANCEL_REJECTED", "UNKNOWN_SYMBOL")]


def _cancel_replace(command: CancelReplaceOrder) -> list[ReportEvent]:
    cancel, place = both_halves(command)
    return _cancel(cancel) + _placement(place)


def _list(command: PlaceOrderList) -> list[ReportEvent]:
    first, second = both_legs(command)
    return _placement(first) + _placement(second)


def _amend(command: AmendOrder) -> list[ReportEvent]:
    return [refused_change(command, "AMEND_REJECTED", "UNKNOWN_SYMBOL")]


def _status(command: SetSymbolStatus) -> list[ReportEvent]:
    report = status_report(command)
    report.execution_type = "REJECTED"
    report.order_status = "REJECTED"
    report.reject_reason = "UNKNOWN_SYMBOL"
    return [report]


_REFUSALS: dict[str, Callable[[Any], list[ReportEvent]]] = {
    "PlaceOrder": _placement,
    "CancelOrder": _cancel,
    "CancelReplaceOrder": _cancel_replace,
    "PlaceOrderList": _list,
    "AmendOrder": _amend,
    "SetSymbolStatus": _status,
}
