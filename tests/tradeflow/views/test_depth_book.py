"""A book rebuilt from depth updates, and updates that are missing."""

import pytest

from schemas.records import DepthUpdate
from tradeflow.views.depth_book import DepthBook, DepthGapError


def _update(
    first: int,
    *,
    bids: dict[int, int] | None = None,
    asks: dict[int, int] | None = None,
    symbol: str = "BTCUSDT",
) -> DepthUpdate:
    bids, asks = bids or {}, asks or {}
    return {
        "symbol": symbol,
        "first_update_id": first,
        "last_update_id": first + len(bids) + len(asks) - 1,
        "bids": [{"price_ticks": price, "quantity_lots": lots} for price, lots in bids.items()],
        "asks": [{"price_ticks": price, "quantity_lots": lots} for price, lots in asks.items()],
        "command_id": "c",
        "time_ms": 1_000 + first,
    }


def test_levels_are_set_changed_and_removed_and_come_best_first() -> None:
    book = DepthBook("BTCUSDT")

    assert book.is_empty
    book.apply(_update(1, bids={100: 5, 99: 7}, asks={103: 1, 102: 2}))
    book.apply(_update(5, bids={101: 3, 99: 0}, asks={102: 9}))

    assert book.bids() == [(101, 3), (100, 5)]
    assert book.asks() == [(102, 9), (103, 1)]
    assert book.bids(1) == [(101, 3)]
    assert book.asks(1) == [(102, 9)]
    assert (book.last_update_id, book.time_ms) == (7, 1_005)


def test_a_missing_update_is_an_error_and_leaves_the_book_as_it_was() -> None:
    book = DepthBook("BTCUSDT")
    book.apply(_update(1, bids={100: 5}))

    with pytest.raises(DepthGapError, match=r"BTCUSDT: update 2 was expected, 3 came\."):
        book.apply(_update(3, bids={100: 0}))

    assert book.bids() == [(100, 5)]
    assert book.last_update_id == 1


def test_an_update_that_is_known_or_of_another_symbol_changes_nothing() -> None:
    book = DepthBook("BTCUSDT")
    assert book.apply(_update(1, bids={100: 5, 99: 5}))

    assert not book.apply(_update(1, bids={100: 1, 99: 1}))
    assert not book.apply(_update(3, bids={100: 1}, symbol="ETHUSDT"))

    assert book.bids() == [(100, 5), (99, 5)]


def test_a_book_may_start_in_the_middle_but_only_once() -> None:
    book = DepthBook("BTCUSDT", joins_late=True)
    book.apply(_update(70, asks={100: 5}))

    with pytest.raises(DepthGapError):
        book.apply(_update(72, asks={100: 6}))
