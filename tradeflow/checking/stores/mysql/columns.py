"""The tables that are held against the log, and by which columns a row is known."""

from collections.abc import Mapping
from typing import Any

from schemas.topics import CANDLES, ORDERS_EXECUTIONS, ORDERS_ORDERS, TRADES, WALLET_EVENTS

TOPICS = (
    ORDERS_EXECUTIONS.name,
    TRADES.name,
    WALLET_EVENTS.name,
    CANDLES.name,
    ORDERS_ORDERS.name,
)
"""What the tables are made of."""

(
    ORDERS,
    EXECUTIONS,
    TRADES_TABLE,
    CANDLES_TABLE,
    WALLET,
    WALLET_TRANSACTION,
    WALLET_BALANCE,
    SAGA_INSTANCE,
) = (
    "orders",
    "executions",
    "trades",
    "candles",
    "wallet",
    "wallet_transaction",
    "wallet_balance",
    "saga_instance",
)

KEYS: Mapping[str, tuple[str, ...]] = {
    ORDERS: ("symbol", "order_id"),
    EXECUTIONS: ("log_partition", "log_offset"),
    TRADES_TABLE: ("symbol", "trade_id"),
    CANDLES_TABLE: ("symbol", "interval", "open_at"),
    WALLET: ("wallet_id",),
    WALLET_TRANSACTION: ("entry_account_id", "entry_id", "side"),
    WALLET_BALANCE: ("wallet_id",),
    SAGA_INSTANCE: ("account_id", "saga_id"),
}
"""Ids and symbols have no spaces in them, so that keys with spaces between are unambiguous."""

GENERATED = frozenset({"transaction_id"})
"""Columns that the server computes of others."""


def key_of(name: str, row: Mapping[str, Any]) -> str:
    """What a row of a table is known by."""
    return " ".join(str(row[column]) for column in KEYS[name])
