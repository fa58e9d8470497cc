"""Matching one taker: every order type and time in force, icebergs, money as a bound."""

from tests.streams.domain.builders import Book, a_book, drawn, told


def test_a_limit_order_without_a_match_rests() -> None:
    book = Book()

    outcome = book.buy("anna", 5, 100)

    assert told(outcome) == ["anna NEW left 5"]
    assert outcome.trades == []
    assert outcome.depth == {
        "symbol": "AAABBB",
        "first_update_id": 1,
        "last_update_id": 1,
        "bids": [{"price_ticks": 100, "quantity_lots": 5}],
        "asks": [],
        "command_id": "command-1",
        "time_ms": book.now_ms,
    }


def test_a_limit_buy_takes_the_best_price_first_and_rests_with_what_is_left() -> None:
    book = a_book("""
        bid | price | ask
            |   102 | 9
            |   101 | 3, 4
            |   100 | 2
    """)

    outcome = book.buy("anna", 12, 101)

    assert told(outcome) == [
        "anna NEW left 12",
        "ask-100 TRADE FILLED 2@100",
        "anna TRADE PARTIALLY_FILLED 2@100 left 10",
        "ask-101 TRADE FILLED 3@101",
        "anna TRADE PARTIALLY_FILLED 3@101 left 7",
        "ask-101b TRADE FILLED 4@101",
        "anna TRADE PARTIALLY_FILLED 4@101 left 3",
    ]
    assert str(book) == drawn("""
        bid | price | ask
            |   102 | 9
          3 |   101 |
    """)


def test_a_limit_sell_takes_the_highest_bid_first() -> None:
    book = a_book("""
        bid | price | ask
          2 |   101 |
        3,4 |   100 |
          9 |    99 |
    """)

    outcome = book.sell("sam", 4, 100)

    assert told(outcome)[1:] == [
        "bid-101 TRADE FILLED 2@101",
        "sam TRADE PARTIALLY_FILLED 2@101 left 2",
        "bid-100 TRADE PARTIALLY_FILLED 2@100 left 1",
        "sam TRADE FILLED 2@100",
    ]
    assert str(book) == drawn("""
        bid | price | ask
          5 |   100 |
          9 |    99 |
    """)


def test_a_trade_names_both_orders_and_who_was_there_first() -> None:
    book = a_book("""
        bid | price | ask
            |   100 | 5
    """)

    outcome = book.buy("anna", 2, 100)

    assert outcome.trades == [
        {
            "trade_id": 1,
            "symbol": "AAABBB",
            "price_ticks": 100,
            "quantity_lots": 2,
            "quote_units": 200,
            "buyer_order_id": 2,
            "seller_order_id": 1,
            "is_buyer_maker": False,
            "command_id": "command-2",
            "time_ms": book.now_ms,
        }
    ]


def test_each_side_pays_its_rate_of_what_it_receives() -> None:
    book = Book(quote_units_per_tick_lot=10, base_units_per_lot=1000)
    book.sell("sam", 5, 100, maker_rate_ppm=1_500, taker_rate_ppm=9)

    _, maker, taker = book.buy("anna", 3, 100, maker_rate_ppm=9, taker_rate_ppm=2_500).reports

    assert (maker["role"], maker["last_quote_units"], maker["commission_units"]) == (
        "MAKER",
        3000,
        4,
    )
    assert (taker["role"], taker["commission_units"], taker["commission_rate_ppm"]) == (
        "TAKER",
        7,
        2500,
    )
    assert (maker["counter_order_id"], taker["counter_order_id"]) == (2, 1)
    assert maker["command_id"] == taker["command_id"] == "command-2"


def test_a_full_report_of_a_fill() -> None:
    book = Book()
    book.sell("sam", 5, 100)
    book.now_ms += 7

    report = book.buy(
        "anna",
        8,
        101,
        reserved_price_ticks=105,
        hold_id="anna-pays",
        taker_rate_ppm=500_000,
        budget_units=3,
    ).reports[2]

    assert report == {
        "execution_id": 4,
        "command_id": "command-2",
        "account_id": "anna",
        "symbol": "AAABBB",
        "order_id": 2,
        "client_order_id": "anna",
        "original_client_order_id": "",
        "execution_type": "TRADE",
        "order_status": "PARTIALLY_FILLED",
        "reject_reason": "NONE",
        "expiry_reason": "NONE",
        "side": "BUY",
        "order_type": "LIMIT",
        "time_in_force": "GTC",
        "self_trade_prevention": "NONE",
        "price_ticks": 101,
        "stop_price_ticks": 0,
        "quantity_lots": 8,
        "quote_quantity_units": 0,
        "iceberg_lots": 0,
        "budget_units": 3,
        "reserved_price_ticks": 105,
        "hold_id": "anna-pays",
        "last_price_ticks": 100,
        "last_quantity_lots": 5,
        "last_quote_units": 500,
        "cumulative_quantity_lots": 5,
        "cumulative_quote_units": 500,
        "leaves_quantity_lots": 3,
        "prevented_quantity_lots": 0,
        "trade_id": 1,
        "counter_order_id": 1,
        "role": "TAKER",
        "commission_units": 2,
        "commission_rate_ppm": 500_000,
        "is_working": True,
        "order_time_ms": book.now_ms,
        "working_time_ms": book.now_ms,
        "order_list_id": 0,
        "time_ms": book.now_ms,
    }


def test_ioc_takes_what_it_can_and_expires() -> None:
    book = a_book("""
        bid | price | ask
            |   101 | 3
            |   100 | 2
    """)

    outcome = book.buy("anna", 4, 100, time_in_force="IOC")

    assert told(outcome)[-2:] == [
        "anna TRADE PARTIALLY_FILLED 2@100 left 2",
        "anna EXPIRED UNFILLED_IOC_QUANTITY_EXPIRED",
    ]
    assert str(book) == drawn("""
        bid | price | ask
            |   101 | 3
    """)


def test_ioc_that_meets_nobody_expires() -> None:
    book = Book()

    outcome = book.buy("anna", 4, 100, time_in_force="IOC")

    assert told(outcome) == ["anna NEW left 4", "anna EXPIRED UNFILLED_IOC_QUANTITY_EXPIRED"]


def test_fok_fills_completely_or_touches_nothing() -> None:
    book = a_book("""
        bid | price | ask
            |   102 | 9
            |   101 | 3
            |   100 | 2
    """)
    before = str(book)

    too_much = book.buy("anna", 6, 101, time_in_force="FOK")
    assert told(too_much) == ["anna NEW left 6", "anna EXPIRED UNFILLED_FOK_ORDER_EXPIRED"]
    assert str(book) == before

    just_enough = book.buy("bert", 5, 101, time_in_force="FOK")
    assert told(just_enough)[-1] == "bert TRADE FILLED 3@101"


def test_fok_counts_hidden_parts() -> None:
    book = Book()
    book.sell("sam", 10, 100, iceberg_lots=2)

    outcome = book.buy("anna", 10, 100, time_in_force="FOK")

    assert told(outcome)[-1] == "anna TRADE FILLED 2@100"
    assert str(book) == "(empty)"


def test_limit_maker_rests() -> None:
    book = a_book("""
        bid | price | ask
            |   101 | 3
    """)

    outcome = book.buy("anna", 4, 100, order_type="LIMIT_MAKER")

    assert told(outcome) == ["anna NEW left 4"]


def test_a_market_buy_sweeps_the_book_and_expires_the_rest() -> None:
    book = a_book("""
        bid | price | ask
            |   102 | 5
            |   101 | 3
    """)

    outcome = book.buy("anna", 10)

    assert told(outcome)[-3:] == [
        "ask-102 TRADE FILLED 5@102",
        "anna TRADE PARTIALLY_FILLED 5@102 left 2",
        "anna EXPIRED INSUFFICIENT_LIQUIDITY",
    ]
    assert str(book) == "(empty)"


def test_a_market_sell_needs_no_budget() -> None:
    book = a_book("""
        bid | price | ask
          5 |   100 |
    """)

    assert told(book.sell("sam", 5))[-1] == "sam TRADE FILLED 5@100"


def test_a_market_buy_stops_at_its_budget_in_whole_steps() -> None:
    book = a_book(
        """
        bid | price | ask
            |   101 | 50
            |   100 | 4
        """,
        market_quantity_step_lots=2,
    )

    outcome = book.buy("anna", 10, budget_units=400 + 303)

    assert told(outcome)[-2:] == [
        "anna TRADE PARTIALLY_FILLED 2@101 left 4",
        "anna EXPIRED BUDGET_EXHAUSTED",
    ]
    assert outcome.reports[-1]["cumulative_quote_units"] == 602


def test_a_market_buy_that_empties_book_and_budget_lacks_liquidity() -> None:
    book = a_book("""
        bid | price | ask
            |   100 | 4
    """)

    outcome = book.buy("anna", 5, budget_units=400)

    assert told(outcome)[-1] == "anna EXPIRED INSUFFICIENT_LIQUIDITY"


def test_a_market_buy_by_quote_quantity_is_filled_when_the_rest_buys_nothing() -> None:
    book = a_book("""
        bid | price | ask
            |   101 | 50
            |   100 | 4
    """)

    outcome = book.buy("anna", 0, quote_quantity_units=400 + 350)

    assert told(outcome) == [
        "anna NEW",
        "ask-100 TRADE FILLED 4@100",
        "anna TRADE PARTIALLY_FILLED 4@100",
        "ask-101 TRADE PARTIALLY_FILLED 3@101 left 47",
        "anna TRADE FILLED 3@101",
    ]


def test_a_quote_order_that_cannot_pay_the_next_price_expires() -> None:
    book = a_book("""
        bid | price | ask
            |   151 | 50
            |   100 | 1
    """)

    outcome = book.buy("anna", 0, quote_quantity_units=250)

    assert told(outcome)[-2:] == [
        "anna TRADE PARTIALLY_FILLED 1@100",
        "anna EXPIRED BUDGET_EXHAUSTED",
    ]


def test_the_budget_bounds_a_quote_buy_in_quote_and_a_quote_sell_in_base() -> None:
    book = a_book("""
        bid | price | ask
            |   101 | 50
         50 |   100 |
    """)

    buy = book.buy("anna", 0, quote_quantity_units=1_000, budget_units=250)
    sell = book.sell("sam", 0, quote_quantity_units=350, budget_units=100)
    short = book.sell("sue", 0, quote_quantity_units=350, budget_units=2)

    assert told(buy)[-1] == "anna TRADE FILLED 2@101"
    assert told(sell)[-1] == "sam TRADE FILLED 3@100"
    assert told(short)[-2:] == [
        "sue TRADE PARTIALLY_FILLED 2@100",
        "sue EXPIRED BUDGET_EXHAUSTED",
    ]


def test_a_queue_eaten_from_the_front_keeps_its_order() -> None:
    book = Book()
    for number in range(50):
        book.sell(f"sam-{number}", 1, 100)

    makers = [
        book.buy(f"anna-{number}", 1, 100).reports[1]["client_order_id"] for number in range(50)
    ]

    assert makers == [f"sam-{number}" for number in range(50)]
