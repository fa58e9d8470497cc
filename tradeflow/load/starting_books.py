"""The books of a running exchange, from the changelogs of the matching stage's tables."""

import contextlib
from collections import defaultdict
from collections.abc import Collection
from typing import Any, cast

from schemas.codec import DecodeError, decode
from schemas.records import OrderRow, SymbolRow
from schemas.topics import MATCHING_BOOK, MATCHING_SYMBOLS
from streams.domain.order import Order
from tradeflow.event_reader import EventReader
from tradeflow.flow.generator import StartingBook

_WAIT_SECONDS = 0.2


def read_starting_books(bootstrap: str, symbols: Collection[str]) -> dict[str, StartingBook]:
    """The books as they stand now; orders that change meanwhile may be missed."""
    orders: dict[str, list[Order]] = defaultdict(list)
    for row in _rows(bootstrap, MATCHING_BOOK.name):
        if row["symbol"] in symbols:
            orders[row["symbol"]].append(Order.from_row(cast("OrderRow", row)))
    symbol_rows = {row["symbol"]: row for row in _rows(bootstrap, MATCHING_SYMBOLS.name)}
    return {
        symbol: StartingBook(cast("SymbolRow | None", symbol_rows.get(symbol)), orders[symbol])
        for symbol in symbols
    }


def _rows(bootstrap: str, changelog: str) -> list[dict[str, Any]]:
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
            found.append(decode(value)[1])
    return found
