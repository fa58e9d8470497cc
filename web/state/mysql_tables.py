"""The tables of MySQL's connector that the gateway reads, with the columns that it needs.

Their DDL belongs to the connector; a test holds the two together.
"""

from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Numeric, String, Table
from sqlalchemy.dialects.mysql import DATETIME

_tables = MetaData()


def _amount(name: str) -> Column[Decimal]:
    return Column(name, Numeric(20, 8))


TRADES = Table(
    "trades",
    _tables,
    Column("symbol", String(20)),
    Column("trade_id", BigInteger),
    _amount("price"),
    _amount("quantity"),
    _amount("quote_quantity"),
    Column("buyer_order_id", BigInteger),
    Column("seller_order_id", BigInteger),
    Column("is_buyer_maker", Boolean),
    Column("command_id", String(100)),
    Column("traded_at", DATETIME(fsp=3)),
)

CANDLES = Table(
    "candles",
    _tables,
    Column("symbol", String(20)),
    Column("interval", String(4)),
    Column("open_at", DATETIME(fsp=3)),
    Column("close_at", DATETIME(fsp=3)),
    _amount("open"),
    _amount("high"),
    _amount("low"),
    _amount("close"),
    _amount("volume"),
    _amount("quote_volume"),
    Column("trades", BigInteger),
    _amount("taker_buy_volume"),
    _amount("taker_buy_quote_volume"),
    Column("first_trade_id", BigInteger),
    Column("last_trade_id", BigInteger),
    Column("is_closed", Boolean),
)

ORDERS = Table(
    "orders",
    _tables,
    Column("symbol", String(20)),
    Column("order_id", BigInteger),
    Column("account_id", String(64)),
    Column("client_order_id", String(64)),
    Column("side", String(4)),
    Column("order_type", String(20)),
    Column("time_in_force", String(4)),
    Column("self_trade_prevention", String(16)),
    Column("status", String(20)),
    Column("expiry_reason", String(40)),
    _amount("price"),
    _amount("stop_price"),
    _amount("quantity"),
    _amount("quote_quantity"),
    _amount("iceberg_quantity"),
    _amount("executed_quantity"),
    _amount("executed_quote"),
    _amount("prevented_quantity"),
    Column("is_working", Boolean),
    Column("last_execution_id", BigInteger),
    Column("created_at", DATETIME(fsp=3)),
    Column("working_at", DATETIME(fsp=3)),
    Column("updated_at", DATETIME(fsp=3)),
)

EXECUTIONS = Table(
    "executions",
    _tables,
    Column("log_partition", BigInteger),
    Column("log_offset", BigInteger),
    Column("symbol", String(20)),
    Column("execution_id", BigInteger),
    Column("order_id", BigInteger),
    Column("account_id", String(64)),
    Column("client_order_id", String(64)),
    Column("original_client_order_id", String(64)),
    Column("execution_type", String(20)),
    Column("side", String(4)),
    Column("role", String(5)),
    _amount("quantity"),
    _amount("last_price"),
    _amount("last_quantity"),
    _amount("last_quote"),
    Column("trade_id", BigInteger),
    _amount("commission"),
    Column("executed_at", DATETIME(fsp=3)),
)

TRANSACTIONS = Table(
    "wallet_transaction",
    _tables,
    Column("account_id", String(64)),
    Column("currency", String(20)),
    Column("part", String(9)),
    _amount("amount"),
    Column("reference_type", String(10)),
    Column("command_id", String(100)),
    Column("created_at", DATETIME(fsp=3)),
)
