"""Stops: when they wait, what triggers them, and cascades."""

import pytest

from tests.streams.domain.builders import Book, a_book, drawn, told


def a_traded_book() -> Book:
    """Last price 100, liquidity on both sides."""
    book = a_book("""
        bid | price | ask
            |   103 | 9
            |   102 | 1
            |   101 | 1
          1 |    99 |
          1 |    98 |
          9 |    97 |
    """)
    book.sell("first", 1, 100)
    book.buy("second", 1, 100)
    return book


@pytest.mark.parametrize(
    ("side", "order_type", "stop", "trigger"),
    [
        ("BUY", "STOP_LOSS", 101, "BUY"),
        ("SELL", "TAKE_PROFIT", 101, "BUY"),
        ("SELL", "STOP_LOSS", 99, "SELL"),
        ("BUY", "TAKE_PROFIT", 99, "SELL"),
    ],
)
def test_a_stop_waits_for_its_side_of_the_price(
    side: str, order_type: str, stop: int, trigger: str
) -> None:
    book = a_traded_book()

    placed = book.place(
        "stop", side=side, order_type=order_type, quantity_lots=1, stop_price_ticks=stop
    )
    triggered = book.place("taker", side=trigger, quantity_lots=1)

    assert told(placed) == ["stop NEW left 1"]
    assert (placed.reports[0]["is_working"], placed.reports[0]["working_time_ms"]) == (False, 0)
    assert placed.depth is None
    assert told(triggered)[3] == "stop TRIGGERED NEW left 1"
    assert triggered.reports[3]["is_working"]
    assert triggered.reports[3]["working_time_ms"] == book.now_ms
    assert told(triggered)[-1].startswith("stop TRADE FILLED")


def test_a_stop_limit_rests_at_its_price_when_triggered() -> None:
    book = a_traded_book()
    book.sell("stop", 5, 98, order_type="STOP_LOSS_LIMIT", stop_price_ticks=99, iceberg_lots=2)

    outcome = book.sell("taker", 1)

    assert told(outcome)[3:] == [
        "stop TRIGGERED NEW left 5",
        "bid-98 TRADE FILLED 1@98",
        "stop TRADE PARTIALLY_FILLED 1@98 left 4",
    ]
    assert str(book).splitlines()[3:5] == ["      |    98 | 2", "    9 |    97 |"]


def test_triggered_stops_keep_their_time_in_force() -> None:
    book = a_traded_book()
    terms = {"order_type": "STOP_LOSS_LIMIT", "stop_price_ticks": 99}
    book.sell("ioc", 3, 98, time_in_force="IOC", **terms)
    book.sell("fok", 3, 98, time_in_force="FOK", **terms)

    assert told(book.sell("taker", 1))[3:] == [
        "ioc TRIGGERED NEW left 3",
        "bid-98 TRADE FILLED 1@98",
        "ioc TRADE PARTIALLY_FILLED 1@98 left 2",
        "ioc EXPIRED UNFILLED_IOC_QUANTITY_EXPIRED",
        "fok TRIGGERED NEW left 3",
        "fok EXPIRED UNFILLED_FOK_ORDER_EXPIRED",
    ]


def test_a_cascade_goes_by_order_id_among_all_that_are_reached() -> None:
    book = a_traded_book()
    book.sell("late", 1, order_type="STOP_LOSS", stop_price_ticks=97)
    book.sell("early", 1, order_type="STOP_LOSS", stop_price_ticks=98)
    book.sell("now", 1, order_type="STOP_LOSS", stop_price_ticks=99)

    outcome = book.sell("taker", 1)

    assert [line for line in told(outcome) if "TRIGGERED" in line] == [
        "now TRIGGERED NEW left 1",
        "early TRIGGERED NEW left 1",
        "late TRIGGERED NEW left 1",
    ]
    assert str(book) == drawn("""
        bid | price | ask
            |   103 | 9
            |   102 | 1
            |   101 | 1
          7 |    97 |
    """)


def test_the_lowest_order_id_goes_first_even_if_it_was_reached_last() -> None:
    book = a_traded_book()
    book.sell("old", 1, order_type="STOP_LOSS", stop_price_ticks=98)
    book.sell("new", 1, order_type="STOP_LOSS", stop_price_ticks=99)
    book.sell("newer", 1, order_type="STOP_LOSS", stop_price_ticks=99)

    outcome = book.sell("taker", 1)

    triggered = [line.split()[0] for line in told(outcome) if "TRIGGERED" in line]
    assert triggered == ["new", "old", "newer"]


def test_both_ends_of_the_traded_range_count() -> None:
    book = a_traded_book()
    book.buy("up", 1, order_type="STOP_LOSS", stop_price_ticks=101)
    book.buy("higher", 1, order_type="STOP_LOSS", stop_price_ticks=102)
    book.buy("out of reach", 1, order_type="STOP_LOSS", stop_price_ticks=104)

    outcome = book.buy("taker", 2)

    assert [line for line in told(outcome) if "TRIGGERED" in line] == [
        "up TRIGGERED NEW left 1",
        "higher TRIGGERED NEW left 1",
    ]


def test_a_triggered_market_order_without_liquidity_expires() -> None:
    book = Book()
    book.buy("bid", 1, 100)
    book.sell("stop", 4, order_type="STOP_LOSS", stop_price_ticks=100)

    outcome = book.sell("taker", 1, 100)

    assert told(outcome)[-2:] == [
        "stop TRIGGERED NEW left 4",
        "stop EXPIRED INSUFFICIENT_LIQUIDITY",
    ]


def test_a_triggered_market_buy_without_the_money_expires() -> None:
    book = Book()
    book.buy("stop", 4, order_type="STOP_LOSS", stop_price_ticks=100, budget_units=150)
    book.sell("ask", 5, 100)

    outcome = book.buy("taker", 1, 100)

    assert told(outcome)[-2:] == [
        "stop TRADE PARTIALLY_FILLED 1@100 left 3",
        "stop EXPIRED BUDGET_EXHAUSTED",
    ]


def test_no_check_is_made_again_at_the_trigger() -> None:
    book = a_traded_book()
    book.buy("stop", 1, 150, order_type="STOP_LOSS_LIMIT", stop_price_ticks=101)
    book = book.restored(max_price_ticks=120, max_num_orders=1)

    assert told(book.buy("taker", 1, 101))[-1] == "stop TRADE FILLED 1@102"


def test_a_waiting_stop_can_be_canceled_and_amended() -> None:
    book = a_traded_book()
    book.buy("stop", 5, order_type="STOP_LOSS", stop_price_ticks=101)

    amended = book.amend("stop", 3)
    canceled = book.cancel("stop")

    assert told(amended) == ["stop REPLACED NEW left 3"]
    assert told(canceled) == ["stop CANCELED"]
    assert not canceled.reports[0]["is_working"]
    assert not book.market.state.book.stops
