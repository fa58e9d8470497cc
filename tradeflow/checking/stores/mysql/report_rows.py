"""What execution reports make of the tables «executions» and «orders»."""

from typing import Any

from tradeflow.checking.entry import Entry
from tradeflow.checking.stores.mysql.plain_values import Scale, amount, moment

Row = dict[str, Any]

# They answer a command and leave the order, if there is one, as it was.
_UNCHANGED = {"NONE", "REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED"}
_UNCHANGED |= {"STATUS_CHANGED", "ORDER_STATUS"}
_SAME = ("symbol", "order_id", "account_id")


def changes_an_order(report: Any) -> bool:
    """Whether it says how an order stands after a change."""
    return report["execution_type"] not in _UNCHANGED and report["order_id"] != 0


def execution_row(entry: Entry, scale: Scale) -> Row:
    """The report itself."""
    report, symbol = entry.value, entry.value["symbol"]
    copied = (
        *_SAME,
        "execution_id",
        "command_id",
        "client_order_id",
        "original_client_order_id",
        "execution_type",
        "order_status",
        "reject_reason",
        "expiry_reason",
        "side",
        "role",
        "trade_id",
        "counter_order_id",
    )
    return {name: report[name] for name in copied} | {
        "log_partition": entry.number,
        "log_offset": entry.offset,
        "price": scale.price(symbol, report["price_ticks"]),
        "quantity": scale.quantity(symbol, report["quantity_lots"]),
        "last_price": scale.price(symbol, report["last_price_ticks"]),
        "last_quantity": scale.quantity(symbol, report["last_quantity_lots"]),
        "last_quote": amount(report["last_quote_units"]),
        "cumulative_quantity": scale.quantity(symbol, report["cumulative_quantity_lots"]),
        "cumulative_quote": amount(report["cumulative_quote_units"]),
        "leaves_quantity": scale.quantity(symbol, report["leaves_quantity_lots"]),
        "commission": amount(report["commission_units"]),
        # Parts per million are a hundred units each.
        "commission_rate": amount(report["commission_rate_ppm"] * 100),
        "executed_at": moment(report["time_ms"]),
    }


def order_row(report: Any, scale: Scale) -> Row:
    """The order as a report that changes it leaves it."""
    symbol = report["symbol"]
    scale.require(symbol)
    copied = (*_SAME, "side", "order_type", "time_in_force", "self_trade_prevention")
    # A cancel has a client order id of its own, and names the order's beside it.
    is_cancel = report["execution_type"] == "CANCELED"
    named = report["original_client_order_id"] if is_cancel else ""
    return {name: report[name] for name in (*copied, "expiry_reason", "hold_id")} | {
        "client_order_id": named or report["client_order_id"],
        "status": report["order_status"],
        "price": scale.price(symbol, report["price_ticks"]),
        "stop_price": scale.price(symbol, report["stop_price_ticks"]),
        "quantity": scale.quantity(symbol, report["quantity_lots"]),
        "quote_quantity": amount(report["quote_quantity_units"]),
        "iceberg_quantity": scale.quantity(symbol, report["iceberg_lots"]),
        "executed_quantity": scale.quantity(symbol, report["cumulative_quantity_lots"]),
        "executed_quote": amount(report["cumulative_quote_units"]),
        "leaves_quantity": scale.quantity(symbol, report["leaves_quantity_lots"]),
        "prevented_quantity": scale.quantity(symbol, report["prevented_quantity_lots"]),
        "budget": amount(report["budget_units"]),
        "is_working": int(report["is_working"]),
        "last_execution_id": report["execution_id"],
        "created_at": moment(report["order_time_ms"]),
        "working_at": moment(report["working_time_ms"]),
        "updated_at": moment(report["time_ms"]),
    }
