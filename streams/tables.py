"""The stages' tables: which rows they hold, under which keys, and how rows become bytes.

The row of an order, open or closed, is the live object itself: nothing is converted until a
round's end writes what changed.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, cast

from schemas.codec import decode, encoder
from schemas.records import ClosedOrderRow, OrderRow, SymbolRow
from streams.domain.account_orders import ClosedOrder
from streams.domain.order import Order
from streams.domain.outcome import Changes
from streams.transport import App, Rows, Table

BookRow = Order | ClosedOrder | SymbolRow
SymbolState = tuple[SymbolRow, list[Order], list[ClosedOrder]]

_encode_order = encoder("OrderRow")
_encode_closed = encoder("ClosedOrderRow")
_encode_symbol = encoder("SymbolRow")


def book_table(app: App) -> Table:
    """The matching stage's table ``book``: all that a partition's markets are rebuilt from.

    ==================================  ==================  ======================================
    key                                 row
    ==================================  ==================  ======================================
    ``symbol``                          ``SymbolRow``       counters, status, prices
    ``symbol:order id``                 ``Order``           an open order
    ``symbol:account client order id``  ``ClosedOrder``     an id still in use by a closed order
    ==================================  ==================  ======================================

    One table and not three: each partition that a transaction writes to costs the broker about a
    millisecond, and a command changes rows of all three kinds.
    """
    return cast(Table, app.Table("book", encode=_encode, decode=decode_row))


def wallet_table(app: App) -> Table:
    """The accounts stage's table ``wallet``, under the keys of ``WalletState.rows``.

    =============================  ======================  =======================================
    key                            row
    =============================  ======================  =======================================
    ``account ID``                 ``WalletAccountRow``    status, last entry
    ``balance ID ASSET``           ``WalletBalanceRow``    available and held
    ``hold ID HOLD``               ``WalletHoldRow``       an open hold, or one that ended lately
    ``command ID COMMAND``         ``WalletCommandRow``    a command that was answered lately
    ``partition``                  ``WalletPartitionRow``  the clock
    =============================  ======================  =======================================
    """
    return cast(Table, app.Table("wallet", encode=_encode_wallet_row, decode=_decode_record))


def orders_table(app: App) -> Table:
    """The orders stage's table ``orders``, under the keys of ``OrdersState.rows``.

    ======================  ===================  ==================================================
    key                     row
    ======================  ===================  ==================================================
    ``saga ID SAGA``        ``OrderSagaRow``     a placement, open or closed lately
    ``command ID COMMAND``  ``OrderCommandRow``  another command that came lately
    ``clock``               ``OrderClockRow``    how far the inputs have come
    ======================  ===================  ==================================================
    """
    return cast(Table, app.Table("orders", encode=_encode_orders_row, decode=_decode_record))


def market_table(app: App) -> Table:
    """The marketdata stage's table ``market``.

    ===========================  ===================  =============================================
    key                          row
    ===========================  ===================  =============================================
    ``SYMBOL``                   ``MarketSymbolRow``  how far its trades have come
    ``SYMBOL INTERVAL OPENING``  ``Candle``           an open window, or a minute of the last day
    ``SYMBOL book``              ``MarketBookRow``    how far its depth updates have come
    ``SYMBOL bid|ask PRICE``     ``MarketLevelRow``   a level of its book
    ===========================  ===================  =============================================
    """
    return cast(Table, app.Table("market", encode=_encode_market_row, decode=_decode_record))


def store_rows(rows: Rows[Any], changes: Mapping[str, Any]) -> None:
    """Write changed rows by their keys; None where one is gone."""
    rows.put({key: row for key, row in changes.items() if row is not None})
    for key, row in changes.items():
        if row is None:
            rows.discard(key)


def by_symbol(rows: Rows[BookRow]) -> dict[str, SymbolState]:
    """The rows of a partition, sorted out by symbol and kind."""
    orders: dict[str, list[Order]] = defaultdict(list)
    closed: dict[str, list[ClosedOrder]] = defaultdict(list)
    symbols: dict[str, SymbolRow] = {}
    for row in rows.values():
        if isinstance(row, Order):
            orders[row.symbol].append(row)
        elif isinstance(row, ClosedOrder):
            closed[row.symbol].append(row)
        else:
            symbols[row["symbol"]] = row
    return {
        symbol: (symbols[symbol], orders[symbol], closed[symbol])
        for symbol in dict.fromkeys((*symbols, *orders, *closed))
    }


def store_changes(rows: Rows[BookRow], symbol: str, changes: Changes) -> None:
    """Write what changed in a market into its partition's rows."""
    written: dict[str, BookRow] = {}
    for order_id, order in changes.orders.items():
        if order is None:
            rows.discard(f"{symbol}:{order_id}")
        else:
            written[f"{symbol}:{order_id}"] = order
    for key, closed in changes.closed.items():
        if closed is None:
            rows.discard(key)
        else:
            written[key] = closed
    if changes.symbol_row is not None:
        written[symbol] = changes.symbol_row
    rows.put(written)


def as_record(row: BookRow) -> OrderRow | ClosedOrderRow | SymbolRow:
    """A row as its schema has it."""
    return row.to_row() if isinstance(row, Order | ClosedOrder) else row


def from_record(kind: str, record: Any) -> BookRow:
    """A row from a record of its kind."""
    if kind == "OrderRow":
        return Order.from_row(record)
    return ClosedOrder.from_row(record) if kind == "ClosedOrderRow" else cast(SymbolRow, record)


def _encode(row: BookRow) -> bytes:
    if isinstance(row, Order):
        return _encode_order(row.to_row())
    if isinstance(row, ClosedOrder):
        return _encode_closed(row.to_row())
    return _encode_symbol(row)


def decode_row(data: bytes) -> BookRow:
    """A row, brought up to the newest version of its schema."""
    return from_record(*decode(data))


_WALLET_ROWS = {
    # By a field that no other row of the table has.
    "status": encoder("WalletAccountRow"),
    "available_units": encoder("WalletBalanceRow"),
    "hold_id": encoder("WalletHoldRow"),
    "content": encoder("WalletCommandRow"),
}
_encode_partition_row = encoder("WalletPartitionRow")


def _encode_wallet_row(row: Mapping[str, Any]) -> bytes:
    for field, encode in _WALLET_ROWS.items():
        if field in row:
            return encode(row)
    return _encode_partition_row(row)


_MARKET_ROWS = {
    "is_bid": encoder("MarketLevelRow"),
    "interval": encoder("Candle"),
    "watermark_ms": encoder("MarketSymbolRow"),
}
_encode_book_row = encoder("MarketBookRow")


def _encode_market_row(row: Mapping[str, Any]) -> bytes:
    for field, encode in _MARKET_ROWS.items():
        if field in row:
            return encode(row)
    return _encode_book_row(row)


_encode_saga_row = encoder("OrderSagaRow")
_encode_order_command_row = encoder("OrderCommandRow")
_encode_clock_row = encoder("OrderClockRow")


def _encode_orders_row(row: Mapping[str, Any]) -> bytes:
    if "saga_id" in row:
        return _encode_saga_row(row)
    return _encode_order_command_row(row) if "command_id" in row else _encode_clock_row(row)


def _decode_record(data: bytes) -> dict[str, Any]:
    return decode(data)[1]
