"""The state hash: a pinned value, any order of rows, every field."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from schemas.records import ClosedOrderRow, OrderRow
from streams.domain.state_hash import state_hash
from tests.streams.domain.builders import Book

PINNED = "f3f273bd537aabd41b9f93d25146e0a1"

PRINT_HASH = """
from tests.streams.domain.test_state_hash import a_book_with_everything
print(a_book_with_everything().market.state_hash())
"""


def a_book_with_everything() -> Book:
    book = Book(average_price_minutes=5)
    book.sell("sam", 5, 100)
    book.sell("ice", 9, 100, iceberg_lots=2)
    book.buy("stop", 5, 120, order_type="STOP_LOSS_LIMIT", stop_price_ticks=110)
    book.buy("anna", 6, 100)
    book.cancel("stop")
    return book


def rows(book: Book) -> tuple[list[OrderRow], list[ClosedOrderRow]]:
    state = book.market.state
    return [order.to_row() for order in state.book.orders.values()], state.closed.rows()


def another(value: Any) -> Any:
    """A value of the same type that differs."""
    if isinstance(value, bool):
        return not value
    return value[:-1] if isinstance(value, list) else value + type(value)(1)


def test_it_never_changes_for_the_same_commands() -> None:
    assert a_book_with_everything().market.state_hash() == PINNED


def test_it_does_not_depend_on_the_hash_seed() -> None:
    for seed in ("1", "2"):
        printed = subprocess.run(
            [sys.executable, "-c", PRINT_HASH],
            env={"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        )
        assert printed.stdout.strip() == PINNED


def test_it_does_not_depend_on_the_order_of_rows_or_fields() -> None:
    book = a_book_with_everything()
    book.sell("sue", 1, 130)
    orders, closed = rows(book)
    backwards = [dict(reversed(row.items())) for row in reversed(orders)]

    digest = state_hash(book.market.symbol_row(), backwards, reversed(closed))  # type: ignore[arg-type]

    assert digest == book.market.state_hash()


def test_every_field_counts() -> None:
    book = a_book_with_everything()
    orders, closed = rows(book)
    symbol_row = book.market.symbol_row()
    digests = {state_hash(symbol_row, orders, closed)}

    for row in (symbol_row, orders[0], closed[0]):
        for name, value in list(row.items()):
            row[name] = another(value)  # type: ignore[literal-required]
            digests.add(state_hash(symbol_row, orders, closed))
            row[name] = value  # type: ignore[literal-required]

    assert len(digests) == 1 + len(symbol_row) + len(orders[0]) + len(closed[0])
