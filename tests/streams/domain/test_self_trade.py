"""Self-trade prevention: each mode against own orders, and never a crossed book."""

import pytest

from streams.domain.outcome import OutcomeRecords
from tests.streams.domain.builders import Book, drawn, told


def own_asks() -> Book:
    """Alice's own order between those of others."""
    book = Book()
    book.sell("sam", 2, 100)
    book.sell("own", 3, 100, account_id="alice")
    book.sell("sue", 4, 101)
    return book


def alice_buys(book: Book, quantity: int, mode: str, **terms: object) -> OutcomeRecords:
    return book.buy("buy", quantity, 101, account_id="alice", self_trade_prevention=mode, **terms)


def test_without_prevention_own_orders_trade() -> None:
    outcome = alice_buys(own_asks(), 5, "NONE")

    assert told(outcome)[-1] == "buy TRADE FILLED 3@100"


def test_expire_taker_ends_the_taker_at_the_first_own_order() -> None:
    book = own_asks()

    outcome = alice_buys(book, 8, "EXPIRE_TAKER")

    assert told(outcome)[2:] == [
        "buy TRADE PARTIALLY_FILLED 2@100 left 6",
        "buy TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
    ]
    assert outcome.reports[-1]["prevented_quantity_lots"] == 6
    assert outcome.reports[-1]["counter_order_id"] == 2
    assert outcome.reports[-1]["trade_id"] == 0
    assert str(book) == drawn("""
        bid | price | ask
            |   101 | 4
            |   100 | 3
    """)


def test_expire_maker_takes_own_orders_away_and_goes_on() -> None:
    book = own_asks()

    outcome = alice_buys(book, 8, "EXPIRE_MAKER")

    assert told(outcome)[3:] == [
        "own TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
        "sue TRADE FILLED 4@101",
        "buy TRADE PARTIALLY_FILLED 4@101 left 2",
    ]
    assert outcome.reports[3]["prevented_quantity_lots"] == 3
    assert str(book) == drawn("""
        bid | price | ask
          2 |   101 |
    """)


def test_expire_both_ends_both() -> None:
    book = own_asks()

    outcome = alice_buys(book, 8, "EXPIRE_BOTH")

    assert told(outcome)[3:] == [
        "own TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
        "buy TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
    ]
    assert str(book) == drawn("""
        bid | price | ask
            |   101 | 4
    """)


@pytest.mark.parametrize(
    ("quantity", "ends"),
    [
        (
            4,
            [
                "own TRADE_PREVENTION NEW 0@100 left 1",
                "buy TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
            ],
        ),
        (
            5,
            [
                "own TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
                "buy TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
            ],
        ),
        (
            6,
            [
                "own TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
                "buy TRADE_PREVENTION PARTIALLY_FILLED 0@100 left 1",
                "sue TRADE PARTIALLY_FILLED 1@101 left 3",
                "buy TRADE FILLED 1@101",
            ],
        ),
    ],
    ids=["taker smaller", "equal", "taker larger"],
)
def test_decrement_takes_the_same_off_both(quantity: int, ends: list[str]) -> None:
    assert told(alice_buys(own_asks(), quantity, "DECREMENT"))[3:] == ends


def test_decrement_reaches_hidden_parts_and_keeps_the_priority() -> None:
    book = Book()
    book.sell("own", 10, 100, account_id="alice", iceberg_lots=4)
    book.sell("sam", 5, 100)

    alice_buys(book, 8, "DECREMENT")

    assert str(book) == "      |   100 | 7"
    assert told(book.buy("bert", 1, 100))[1] == "own TRADE PARTIALLY_FILLED 1@100 left 1"


def test_a_quote_order_is_decremented_by_what_it_would_have_paid() -> None:
    book = own_asks()

    outcome = book.buy(
        "buy",
        0,
        account_id="alice",
        quote_quantity_units=2 * 100 + 3 * 100 + 2 * 101 + 50,
        self_trade_prevention="DECREMENT",
    )

    assert told(outcome)[3:] == [
        "own TRADE_PREVENTION EXPIRED_IN_MATCH 0@100",
        "buy TRADE_PREVENTION PARTIALLY_FILLED 0@100",
        "sue TRADE PARTIALLY_FILLED 2@101 left 2",
        "buy TRADE FILLED 2@101",
    ]
    assert outcome.reports[-1]["prevented_quantity_lots"] == 3


def test_a_quote_order_that_prevention_uses_up_expires_in_match() -> None:
    outcome = own_asks().buy(
        "buy", 0, account_id="alice", quote_quantity_units=410, self_trade_prevention="DECREMENT"
    )

    assert told(outcome)[-1] == "buy TRADE_PREVENTION EXPIRED_IN_MATCH 0@100"
    assert outcome.reports[-2]["leaves_quantity_lots"] == 1


def test_a_quote_order_that_is_expired_has_nothing_prevented() -> None:
    outcome = own_asks().buy(
        "buy", 0, account_id="alice", quote_quantity_units=900, self_trade_prevention="EXPIRE_TAKER"
    )

    assert told(outcome)[-1] == "buy TRADE_PREVENTION EXPIRED_IN_MATCH 0@100"
    assert outcome.reports[-1]["prevented_quantity_lots"] == 0


def test_money_is_looked_at_before_the_owner() -> None:
    book = own_asks()

    outcome = book.buy(
        "buy", 9, account_id="alice", budget_units=300, self_trade_prevention="EXPIRE_BOTH"
    )

    assert told(outcome)[-1].startswith("buy TRADE_PREVENTION EXPIRED_IN_MATCH")
    poor = own_asks().buy(
        "buy", 9, account_id="alice", budget_units=200, self_trade_prevention="EXPIRE_BOTH"
    )
    assert told(poor)[-1] == "buy EXPIRED BUDGET_EXHAUSTED"


@pytest.mark.parametrize(
    ("mode", "fillable"),
    [("NONE", 9), ("EXPIRE_MAKER", 6), ("EXPIRE_TAKER", 2), ("EXPIRE_BOTH", 2), ("DECREMENT", 2)],
)
def test_fok_counts_what_the_mode_lets_it_take(mode: str, fillable: int) -> None:
    too_much = alice_buys(own_asks(), fillable + 1, mode, time_in_force="FOK")
    enough = alice_buys(own_asks(), fillable, mode, time_in_force="FOK")

    assert told(too_much)[1:] == ["buy EXPIRED UNFILLED_FOK_ORDER_EXPIRED"]
    assert told(enough)[-1].startswith("buy TRADE FILLED")


def test_fok_does_not_count_parts_hidden_behind_an_own_order() -> None:
    book = Book()
    book.sell("ice", 9, 99, iceberg_lots=1)
    book.sell("ice-2", 9, 100, iceberg_lots=2)
    book.sell("own", 1, 100, account_id="alice")

    too_much = book.buy(
        "a", 12, 100, account_id="alice", self_trade_prevention="EXPIRE_TAKER", time_in_force="FOK"
    )
    enough = book.buy(
        "b", 11, 100, account_id="alice", self_trade_prevention="EXPIRE_TAKER", time_in_force="FOK"
    )

    assert told(too_much)[-1] == "a EXPIRED UNFILLED_FOK_ORDER_EXPIRED"
    assert told(enough)[-1] == "b TRADE FILLED 2@100"
