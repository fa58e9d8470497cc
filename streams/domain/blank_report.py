"""What execution reports start from.

To copy a dictionary of 39 keys and to set those that differ takes a third of the time of writing
all 39 into a new one; so one blank report is kept for each combination of terms.
"""

from functools import cache

from schemas.enums import OrderType, SelfTradePrevention, Side, TimeInForce
from schemas.records import ExecutionReport


def blank_report(
    symbol: str,
    side: Side = "NONE",
    order_type: OrderType = "NONE",
    time_in_force: TimeInForce = "NONE",
    self_trade_prevention: SelfTradePrevention = "NONE",
) -> ExecutionReport:
    """A report that says nothing yet but on what terms its order came."""
    return {
        "execution_id": 0,
        "command_id": "",
        "account_id": "",
        "symbol": symbol,
        "order_id": 0,
        "client_order_id": "",
        "original_client_order_id": "",
        "execution_type": "NONE",
        "order_status": "NONE",
        "reject_reason": "NONE",
        "expiry_reason": "NONE",
        "side": side,
        "order_type": order_type,
        "time_in_force": time_in_force,
        "self_trade_prevention": self_trade_prevention,
        "price_ticks": 0,
        "stop_price_ticks": 0,
        "quantity_lots": 0,
        "quote_quantity_units": 0,
        "iceberg_lots": 0,
        "budget_units": 0,
        "reserved_price_ticks": 0,
        "hold_id": "",
        "last_price_ticks": 0,
        "last_quantity_lots": 0,
        "last_quote_units": 0,
        "cumulative_quantity_lots": 0,
        "cumulative_quote_units": 0,
        "leaves_quantity_lots": 0,
        "prevented_quantity_lots": 0,
        "trade_id": 0,
        "counter_order_id": 0,
        "role": "NONE",
        "commission_units": 0,
        "commission_rate_ppm": 0,
        "is_working": False,
        "order_time_ms": 0,
        "working_time_ms": 0,
        "time_ms": 0,
    }


shared_blank_report = cache(blank_report)
"""The same, but one for all equal terms, to be copied only.

For orders of symbols that exist: what anybody may make up, such as symbols, must not fill memory.
"""
