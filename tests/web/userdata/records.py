"""Records of accounts, as matching and the wallet would write them."""

from typing import Any

from schemas.topics import ORDERS_EXECUTIONS, WALLET_EVENTS
from web.feed.record import Received

AT_MS = 1_700_000_000_000


def report(**changes: Any) -> dict[str, Any]:
    """An ExecutionReport of a limit buy of alice's that was accepted."""
    return {
        "execution_id": 11,
        "command_id": "command",
        "account_id": "alice",
        "symbol": "BTCUSDT",
        "order_id": 5,
        "client_order_id": "mine",
        "original_client_order_id": "",
        "execution_type": "NEW",
        "order_status": "NEW",
        "reject_reason": "NONE",
        "expiry_reason": "NONE",
        "side": "BUY",
        "order_type": "LIMIT",
        "time_in_force": "GTC",
        "self_trade_prevention": "NONE",
        "price_ticks": 5_000_000,
        "stop_price_ticks": 0,
        "quantity_lots": 20_000,
        "quote_quantity_units": 0,
        "iceberg_lots": 0,
        "budget_units": 0,
        "reserved_price_ticks": 5_000_000,
        "hold_id": "command",
        "last_price_ticks": 0,
        "last_quantity_lots": 0,
        "last_quote_units": 0,
        "cumulative_quantity_lots": 0,
        "cumulative_quote_units": 0,
        "leaves_quantity_lots": 20_000,
        "prevented_quantity_lots": 0,
        "trade_id": 0,
        "counter_order_id": 0,
        "role": "NONE",
        "commission_units": 0,
        "commission_rate_ppm": 0,
        "is_working": True,
        "order_time_ms": AT_MS,
        "working_time_ms": AT_MS,
        "order_list_id": 0,
        "time_ms": AT_MS,
        **changes,
    }


FILL: dict[str, Any] = {
    "execution_type": "TRADE",
    "order_status": "PARTIALLY_FILLED",
    "last_price_ticks": 4_999_900,
    "last_quantity_lots": 5_000,
    "last_quote_units": 4_999_900 * 5_000 * 1_000,
    "cumulative_quantity_lots": 5_000,
    "cumulative_quote_units": 4_999_900 * 5_000 * 1_000,
    "leaves_quantity_lots": 15_000,
    "trade_id": 9,
    "counter_order_id": 4,
    "role": "TAKER",
    "commission_units": 5_000,
    "commission_rate_ppm": 1_000,
    "time_ms": AT_MS + 5,
}
"""What a fill of ``report`` changes."""


def wallet_event(**changes: Any) -> dict[str, Any]:
    """A FundsDepositedEvent of alice's."""
    return {
        "command_id": "deposit",
        "account_id": "alice",
        "asset": "USDT",
        "amount_units": 1_050_000_000,
        "is_repeat": False,
        "entries": [],
        "balances": [{"asset": "USDT", "available_units": 3_000_000_000, "held_units": 5}],
        "time_ms": AT_MS,
        **changes,
    }


def received_report(**changes: Any) -> Received:
    """It as the feed hands it on."""
    record = report(**changes)
    key = record["account_id"].encode()
    return Received(ORDERS_EXECUTIONS.name, 0, 0, key, "ExecutionReport", record, {})


def received_wallet(name: str, **changes: Any) -> Received:
    """An event of the wallet as the feed hands it on."""
    record = wallet_event(**changes)
    return Received(WALLET_EVENTS.name, 0, 0, record["account_id"].encode(), name, record, {})
