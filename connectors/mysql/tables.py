"""The tables and their columns, in the order in which rows have them; the DDL is in migrations."""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class SqlTable:
    """A table that the sink writes.

    ``is_journal``: a row is never changed, so one that is there already stays as it is; else the
    new one replaces it.
    """

    name: str
    key: tuple[str, ...]
    rest: tuple[str, ...]
    is_journal: bool = False

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All columns, the key's first."""
        return self.key + self.rest

    @cached_property
    def statement(self) -> str:
        """Writes rows, as many as are given at once."""
        names = ", ".join(f"`{column}`" for column in self.columns)
        marks = ", ".join(["%s"] * len(self.columns))
        # A journal's row is set to what it is: the cheapest way to leave it.
        changed = self.key[:1] if self.is_journal else self.rest
        changes = ", ".join(f"`{column}` = VALUES(`{column}`)" for column in changed)
        return (
            f"INSERT INTO `{self.name}` ({names}) VALUES ({marks}) "
            f"ON DUPLICATE KEY UPDATE {changes}"
        )


ORDERS = SqlTable(
    "orders",
    ("symbol", "order_id"),
    (
        "account_id",
        "client_order_id",
        "side",
        "order_type",
        "time_in_force",
        "self_trade_prevention",
        "status",
        "expiry_reason",
        "price",
        "stop_price",
        "quantity",
        "quote_quantity",
        "iceberg_quantity",
        "executed_quantity",
        "executed_quote",
        "leaves_quantity",
        "prevented_quantity",
        "budget",
        "hold_id",
        "is_working",
        "last_execution_id",
        "created_at",
        "working_at",
        "updated_at",
    ),
)
EXECUTIONS = SqlTable(
    "executions",
    ("log_partition", "log_offset"),
    (
        "symbol",
        "execution_id",
        "order_id",
        "account_id",
        "command_id",
        "client_order_id",
        "original_client_order_id",
        "execution_type",
        "order_status",
        "reject_reason",
        "expiry_reason",
        "side",
        "role",
        "price",
        "quantity",
        "last_price",
        "last_quantity",
        "last_quote",
        "cumulative_quantity",
        "cumulative_quote",
        "leaves_quantity",
        "trade_id",
        "counter_order_id",
        "commission",
        "commission_rate",
        "executed_at",
    ),
    is_journal=True,
)
TRADES = SqlTable(
    "trades",
    ("symbol", "trade_id"),
    (
        "price",
        "quantity",
        "quote_quantity",
        "buyer_order_id",
        "seller_order_id",
        "is_buyer_maker",
        "command_id",
        "traded_at",
    ),
    is_journal=True,
)
CANDLES = SqlTable(
    "candles",
    ("symbol", "interval", "open_at"),
    (
        "close_at",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "quote_volume",
        "trades",
        "taker_buy_volume",
        "taker_buy_quote_volume",
        "first_trade_id",
        "last_trade_id",
        "is_closed",
    ),
)
WALLET = SqlTable("wallet", ("wallet_id",), ("user_id", "currency", "created_at"), is_journal=True)
WALLET_TRANSACTION = SqlTable(
    "wallet_transaction",
    ("entry_account_id", "entry_id", "side"),
    (
        "wallet_id",
        "account_id",
        "currency",
        "part",
        "amount",
        "reference_type",
        "reference_id",
        "symbol",
        "command_id",
        "created_at",
    ),
    is_journal=True,
)
WALLET_BALANCE = SqlTable(
    "wallet_balance",
    ("wallet_id",),
    ("account_id", "currency", "available", "held", "updated_at"),
)
SAGA_INSTANCE = SqlTable(
    "saga_instance",
    ("account_id", "saga_id"),
    (
        "symbol",
        "client_order_id",
        "order_id",
        "current_state",
        "reason",
        "order_status",
        "hold_id",
        "step_history",
        "payload",
        "requested_at",
        "submitted_at",
        "closed_at",
        "updated_at",
    ),
)
POSITIONS = SqlTable("positions", ("topic", "partition_number"), ("position",))

DATA = (
    ORDERS,
    EXECUTIONS,
    TRADES,
    CANDLES,
    WALLET,
    WALLET_TRANSACTION,
    WALLET_BALANCE,
    SAGA_INSTANCE,
)
"""In the order in which a batch writes them."""
