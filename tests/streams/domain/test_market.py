"""The market as its stage sees it: time, changes, depth."""

import pytest

from streams.domain.market import Market
from tests.streams.domain.builders import PERMISSIVE, Book, a_book


def test_time_never_runs_backwards() -> None:
    book = Book()
    book.buy("anna", 1, 100)
    latest = book.now_ms
    book.now_ms -= 5_000

    outcome = book.cancel("anna")

    assert outcome.reports[0]["time_ms"] == latest
    assert book.market.symbol_row()["time_ms"] == latest


def test_a_tick_moves_time_and_yields_nothing() -> None:
    book = Book()

    outcome = book.wait(5)

    assert (outcome.reports, outcome.trades, outcome.depth) == ([], [], None)
    assert book.market.take_changes().symbol_row == book.market.symbol_row()
    book.wait(0)
    assert book.market.take_changes().symbol_row is None


def test_an_unknown_kind_is_a_fault_of_the_caller() -> None:
    with pytest.raises(KeyError):
        Book().apply("Dance")


def test_changes_are_those_since_the_last_call() -> None:
    book = Book()
    book.sell("sam", 5, 100)
    book.sell("sue", 5, 101)
    first = book.market.take_changes()
    book.buy("anna", 2, 100)
    second = book.market.take_changes()
    sam = book.market.state.book.orders[1]
    book.cancel("sam")

    assert {order.client_order_id for order in first.orders.values() if order} == {"sam", "sue"}
    assert second.orders == {1: sam}
    assert book.market.take_changes().orders == {1: None}
    assert book.market.take_changes().orders == {}


def test_an_order_that_no_table_ever_saw_is_not_removed_from_it() -> None:
    book = Book()
    book.sell("sam", 5, 100)
    book.cancel("sam")

    assert book.market.take_changes().orders == {}


def test_a_stored_stop_that_triggers_and_is_filled_is_removed() -> None:
    book = Book()
    book.buy("stop", 1, order_type="STOP_LOSS", stop_price_ticks=100)
    book.market.take_changes()

    book.sell("sam", 2, 100)
    book.buy("anna", 1, 100)

    assert book.market.take_changes().orders == {1: None}


def test_depth_of_the_best_levels() -> None:
    book = a_book("""
        bid | price | ask
            |   102 | 1
            |   101 | 2
          3 |   100 |
          4 |    99 |
    """)

    assert book.market.depth() == ([(100, 3), (99, 4)], [(101, 2), (102, 1)])
    assert book.market.depth(limit=1) == ([(100, 3)], [(101, 2)])
    assert book.market.depth(limit=0) == ([], [])
    assert book.market.depth(limit=9) == book.market.depth()


def test_a_market_restored_from_nothing_is_a_new_one() -> None:
    restored = Market.restore(PERMISSIVE, None, [], [])

    assert restored.state_hash() == Market(PERMISSIVE).state_hash()


def test_a_restored_book_keeps_priorities() -> None:
    book = Book()
    book.sell("ice", 5, 100, iceberg_lots=2)
    book.sell("sam", 2, 100)
    book.buy("anna", 2, 100)

    outcome = book.restored().buy("bert", 3, 100)

    assert [report["client_order_id"] for report in outcome.reports[1::2]] == ["sam", "ice"]
