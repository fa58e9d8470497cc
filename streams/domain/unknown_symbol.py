"""Answers to commands on symbols that do not exist: no market numbers them, and nothing changes."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.records import (
    AmendOrder,
    CancelOrder,
    CancelReplaceOrder,
    ExecutionReport,
    PlaceOrder,
    SetSymbolStatus,
)
from streams.domain.changing import both_halves
from streams.domain.outcome import Outcome
from streams.domain.reports import blank_report, refused_change, refused_placement, status_report


def unknown_symbol(kind: str, command: Mapping[str, Any]) -> Outcome:
    """Refuse a command with UNKNOWN_SYMBOL; a Tick is for nobody and yields nothing."""
    reports = [] if kind == "Tick" else _REFUSALS[kind](blank_report(command["symbol"]), command)
    for report in reports:
        report["time_ms"] = command["time_ms"]
    return Outcome(reports, [], None)


def _placement(blank: ExecutionReport, command: PlaceOrder) -> list[ExecutionReport]:
    return [refused_placement(blank, command, "UNKNOWN_SYMBOL")]


def _cancel(blank: ExecutionReport, command: CancelOrder) -> list[ExecutionReport]:
    return [refused_change(blank, command, "CANCEL_REJECTED", "UNKNOWN_SYMBOL")]


def _cancel_replace(blank: ExecutionReport, command: CancelReplaceOrder) -> list[ExecutionReport]:
    cancel, place = both_halves(command)
    return _cancel(blank, cancel) + _placement(blank, place)


def _amend(blank: ExecutionReport, command: AmendOrder) -> list[ExecutionReport]:
    return [refused_change(blank, command, "AMEND_REJECTED", "UNKNOWN_SYMBOL")]


def _status(blank: ExecutionReport, command: SetSymbolStatus) -> list[ExecutionReport]:
    report = status_report(blank, command)
    report["execution_type"] = "REJECTED"
    report["order_status"] = "REJECTED"
    report["reject_reason"] = "UNKNOWN_SYMBOL"
    return [report]


_REFUSALS: dict[str, Callable[[ExecutionReport, Any], list[ExecutionReport]]] = {
    "PlaceOrder": _placement,
    "CancelOrder": _cancel,
    "CancelReplaceOrder": _cancel_replace,
    "AmendOrder": _amend,
    "SetSymbolStatus": _status,
}
