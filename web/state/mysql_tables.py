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
