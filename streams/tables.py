"""The stages' tables: which rows they hold, under which keys, and how rows become bytes.

The row of an order is the live ``Order`` itself: nothing is converted until a round's end writes
what changed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from schemas.codec import decode, encoder
from schemas.records import ClosedOrderRow, SymbolRow
from streams.domain.order import Order
from streams.domain.outcome import Changes
from streams.transport import App, Rows, Table

SymbolState = tuple[SymbolRow | None, list[Order], list[ClosedOrderRow]]


class SymbolRows(NamedTuple):
    """One partition's rows of the matching stage's three tables."""

    book: Rows[Order]
    closed_orders: Rows[ClosedOrderRow]
    symbols: Rows[SymbolRow]

    def same_as(self, other: "SymbolRows") -> bool:
        """Whether these are the very same rows, not equal ones."""
        return all(mine is theirs for mine, theirs in zip(self, other, strict=True))

    def by_symbol(self) -> dict[str, SymbolState]:
        """All rows, sorted out by symbol."""
        states: dict[str, SymbolState] = {
            symbol: (row, [], []) for symbol, row in self.symbols.items()
        }
        for order in self.book.values():
            states[order.symbol][1].append(order)
        for row in self.closed_orders.values():
            states[row["symbol"]][2].append(row)
        return states

    def store(self, symbol: str, changes: Changes) -> None:
        """Write a market's changes."""
        book, closed_orders = self.book, self.closed_orders
        for order_id, order in changes.orders.items():
            if order is None:
                book.discard(f"{symbol}:{order_id}")
            else:
                book[f"{symbol}:{order_id}"] = order
        for key, row in changes.closed.items():
            if row is None:
                closed_orders.discard(key)
            else:
                closed_orders[key] = row
        if changes.symbol_row is not None:
            self.symbols[symbol] = changes.symbol_row


class MatchingTables:
    """The matching stage's tables: ``book``, ``closed_orders`` and ``symbols``."""

    def __init__(self, app: App) -> None:
        encode_order = encoder("OrderRow")
        self.book = _table(
            app,
            "book",
            encode=lambda order: encode_order(order.to_row()),
            decode=lambda data: Order.from_row(_record(data)),
        )
        self.closed_orders = _table(
            app, "closed_orders", encode=encoder("ClosedOrderRow"), decode=_record
        )
        self.symbols = _table(app, "symbols", encode=encoder("SymbolRow"), decode=_record)

    def partition(self, partition: int) -> SymbolRows:
        """The rows of an owned partition."""
        return SymbolRows(
            self.book.rows(partition),
            self.closed_orders.rows(partition),
            self.symbols.rows(partition),
        )


def _table(
    app: App, name: str, *, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]
) -> Table:
    return cast(Table, app.Table(name, encode=encode, decode=decode))


def _record(data: bytes) -> Any:
    """A row's record, brought up to the newest version of its schema."""
    return decode(data)[1]
