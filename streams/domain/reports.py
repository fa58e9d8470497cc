"""Execution reports: what each says is in ``MATCHING.md``, section «Reports»."""

from typing import TYPE_CHECKING

from schemas.enums import ExecutionType, OrderStatus, RejectReason
from schemas.records import AmendOrder, CancelOrder, PlaceOrder, SetSymbolStatus
from streams.domain.events import ReportEvent
from streams.domain.order import Order

if TYPE_CHECKING:
    from streams.domain.symbol_state import SymbolState


def report_order(
    state: "SymbolState", order: Order, execution_type: ExecutionType, status: OrderStatus
) -> ReportEvent:
    """Report what happened to an order; the caller may add what is special about it."""
    report = ReportEvent(state.command_id, order.account_id, order.symbol)
    state.last_execution_id = report.execution_id = state.last_execution_id + 1
    report.order_id = order.order_id
    report.client_order_id = order.client_order_id
    report.execution_type = execution_type
    report.order_status = status
    report.side = order.side
    report.order_type = order.order_type
    report.time_in_force = order.time_in_force
    report.self_trade_prevention = order.self_trade_prevention
    report.price_ticks = order.price_ticks
    report.quantity_lots = order.quantity_lots
    report.reserved_price_ticks = order.reserved_price_ticks
    report.hold_id = order.hold_id
    report.cumulative_quantity_lots = order.cumulative_quantity_lots
    report.cumulative_quote_units = order.cumulative_quote_units
    report.leaves_quantity_lots = order.leaves_lots
    report.prevented_quantity_lots = order.prevented_quantity_lots
    report.is_working = order.is_working
    report.order_time_ms = order.order_time_ms
    report.working_time_ms = order.working_time_ms
    report.time_ms = state.time_ms
    if not order.is_plain:
        report.stop_price_ticks = order.stop_price_ticks
        report.quote_quantity_units = order.quote_quantity_units
        report.iceberg_lots = order.iceberg_lots
        report.budget_units = order.budget_units
        report.order_list_id = order.order_list_id
    state.reports.append(report)
    return report


def refused_placement(command: PlaceOrder, reason: RejectReason) -> ReportEvent:
    """REJECTED, with the fields of the order that was not to be."""
    report = ReportEvent(command["command_id"], command["account_id"], command["symbol"])
    report.client_order_id = command["client_order_id"]
    report.execution_type = "REJECTED"
    report.order_status = "REJECTED"
    report.reject_reason = reason
    report.side = command["side"]
    report.order_type = command["order_type"]
    report.time_in_force = command["time_in_force"]
    report.self_trade_prevention = command["self_trade_prevention"]
    report.price_ticks = command["price_ticks"]
    report.stop_price_ticks = command["stop_price_ticks"]
    report.quantity_lots = command["quantity_lots"]
    report.quote_quantity_units = command["quote_quantity_units"]
    report.iceberg_lots = command["iceberg_lots"]
    report.budget_units = command["budget_units"]
    report.reserved_price_ticks = command["reserved_price_ticks"]
    report.hold_id = command["hold_id"]
    return report


def refused_change(
    command: CancelOrder | AmendOrder, execution_type: ExecutionType, reason: RejectReason
) -> ReportEvent:
    """CANCEL_REJECTED or AMEND_REJECTED where there is no order to speak of."""
    report = ReportEvent(command["command_id"], command["account_id"], command["symbol"])
    report.order_id = command["order_id"]
    report.client_order_id = command["client_order_id"]
    report.original_client_order_id = command["original_client_order_id"]
    report.execution_type = execution_type
    report.order_status = "REJECTED"
    report.reject_reason = reason
    return report


def status_report(command: SetSymbolStatus) -> ReportEvent:
    """STATUS_CHANGED: speaks of no order."""
    report = ReportEvent(command["command_id"], command["account_id"], command["symbol"])
    report.execution_type = "STATUS_CHANGED"
    return report


def issue(state: "SymbolState", report: ReportEvent) -> None:
    """Number and date a report that speaks of no order, and add it to the outcome."""
    state.last_execution_id += 1
    report.execution_id = state.last_execution_id
    report.time_ms = state.time_ms
    state.reports.append(report)
