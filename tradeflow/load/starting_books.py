"""The books of a running exchange, from the changelog of the matching stage's table."""

import contextlib
from collections import defaultdict
from collections.abc import Collection

from schemas.codec import DecodeError
from schemas.records import SymbolRow
from schemas.topics import MATCHING_BOOK
from streams.domain.account_orders import ClosedOrder
from streams.domain.order import Order
from streams.tables import BookRow, decode_row
from tradeflow.flow.generator import StartingBook
from tradeflow.table_rows import read_rows


def read_starting_books(bootstrap: str, symbols: Collection[str]) -> dict[str, StartingBook]:
    """The books as they stand now; orders that change meanwhile may be missed."""
    orders: dict[str, list[Order]] = defaultdict(list)
    symbol_rows: dict[str, SymbolRow] = {}
    for row in _rows(bootstrap):
        if isinstance(row, Order):
            orders[row.symbol].append(row)
        elif not isinstance(row, ClosedOrder):
            symbol_rows[row["symbol"]] = row
    return {symbol: StartingBook(symbol_rows.get(symbol), orders[symbol]) for symbol in symbols}


def _rows(bootstrap: str) -> list[BookRow]:
    found = []
    for _, value in read_rows(bootstrap, MATCHING_BOOK.name):
        with contextlib.suppress(DecodeError):
            found.append(decode_row(value))
    return found
