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
from tradeflow.event_reader import EventReader
from tradeflow.flow.generator import StartingBook

_WAIT_SECONDS = 0.2


def read_starting_books(bootstrap: str, symbols: Collection[str]) -> dict[str, StartingBook]:
    """The books as they stand now; orders that change meanwhile may be missed."""
    orders: dict[str, list[Order]] = defaultdict(list)
    symbol_rows: dict[str, SymbolRow] = {}
    for row in _rows(bootstrap, MATCHING_BOOK.name):
        if isinstance(row, Order):
            orders[row.symbol].append(row)
        elif not isinstance(row, ClosedOrder):
            symbol_rows[row["symbol"]] = row
    return {symbol: StartingBook(symbol_rows.get(symbol), orders[symbol]) for symbol in symbols}


def _rows(bootstrap: str, changelog: str) -> list[BookRow]:
    """The table behind a changelog: the last value of each key that is not deleted."""
    rows: dict[bytes, bytes] = {}
    reader = EventReader(bootstrap, [changelog], from_end=False)
    with contextlib.closing(reader):
        while not reader.is_at_end:
            for key, value in reader.read_raw(timeout_seconds=_WAIT_SECONDS):
                if value:
                    rows[key] = value
                else:
                    rows.pop(key, None)
    found = []
    for value in rows.values():
        with contextlib.suppress(DecodeError):
            found.append(decode_row(value))
    return found
