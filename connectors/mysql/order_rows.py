"""Rows of orders and of their executions, out of execution reports."""

from typing import Any

from connectors.event import Event
from connectors.mysql.values import Grid, amount, moment, rate

Row = tuple[Any, ...]

# What changed an order that matching has.  Other reports answer a command and may name an order
# that is another account's, or none.
_CHANGES = frozenset(
    {"NEW", "CANCELED", "REPLACED", "TRADE", "EXPIRED", "TRADE_PREVENTION", "TRIGGERED"}
)


def changes_order(report: Any) -> bool:
    """Whether the report says how an order stands after a change."""
    return report["execution_type"] in _CHANGES and report["order_id"] > 0


def order_row(report: Any, grid: Grid) -> Row:
    """The order as the report leaves it."""
    price, quantity = grid.price, grid.quantity
    own_id = report["client_order_id"]
    if report["execution_type"] == "CANCELED":
        # There the first one is the cancel's.
        own_id = report["original_client_order_id"] or own_id
    return (
        report["symbol"],
        report["order_id"],
        report["account_id"],
        own_id,
        report["side"],
        report["order_type"],
        report["time_in_force"],
        report["self_trade_prevention"],
        report["order_status"],
        report["expiry_reason"],
        price(report["price_ticks"]),
        price(report["stop_price_ticks"]),
        quantity(report["quantity_lots"]),
        amount(report["quote_quantity_units"]),
        quantity(report["iceberg_lots"]),
        quantity(report["cumulative_quantity_lots"]),
        amount(report["cumulative_quote_units"]),
        quantity(report["leaves_quantity_lots"]),
        quantity(report["prevented_quantity_lots"]),
        amount(report["budget_units"]),
        report["hold_id"],
        report["is_working"],
        report["execution_id"],
        moment(report["order_time_ms"]),
        moment(report["working_time_ms"]),
        moment(report["time_ms"]),
    )


def execution_row(event: Event, grid: Grid | None) -> Row:
    """The report itself; without a grid, what is in ticks or lots is NULL.

    That is so where a command was refused because nobody knows its symbol.
    """
    report = event.record
    return (
        event.place.partition,
        event.offset,
        report["symbol"],
        report["execution_id"],
        report["order_id"],
        report["account_id"],
        report["command_id"],
        report["client_order_id"],
        report["original_client_order_id"],
        report["execution_type"],
        report["order_status"],
        report["reject_reason"],
        report["expiry_reason"],
        report["side"],
        report["role"],
        grid and grid.price(report["price_ticks"]),
        grid and grid.quantity(report["quantity_lots"]),
        grid and grid.price(report["last_price_ticks"]),
        grid and grid.quantity(report["last_quantity_lots"]),
        amount(report["last_quote_units"]),
        grid and grid.quantity(report["cumulative_quantity_lots"]),
        amount(report["cumulative_quote_units"]),
        grid and grid.quantity(report["leaves_quantity_lots"]),
        report["trade_id"],
        report["counter_order_id"],
        amount(report["commission_units"]),
        rate(report["commission_rate_ppm"]),
        moment(report["time_ms"]),
    )
