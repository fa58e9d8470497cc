"""Icebergs: parts shown one after another; and the depth that is told of a command."""

from tests.streams.domain.builders import Book, a_book, told


def test_an_iceberg_shows_its_parts_one_after_another_at_the_end_of_the_queue() -> None:
    book = Book()
    book.sell("ice", 7, 100, iceberg_lots=3)
    book.sell("sam", 2, 100)
    assert str(book) == "      |   100 | 5"

    outcome = book.buy("anna", 6, 100)

    assert told(outcome)[1::2] == [
        "ice TRADE PARTIALLY_FILLED 3@100 left 4",
        "sam TRADE FILLED 2@100",
        "ice TRADE PARTIALLY_FILLED 1@100 left 3",
    ]
    assert str(book) == "      |   100 | 2"
    assert told(book.buy("bert", 9, 100))[1::2] == [
        "ice TRADE PARTIALLY_FILLED 2@100 left 1",
        "ice TRADE FILLED 1@100",
    ]


def test_an_iceberg_that_took_first_shows_no_more_than_is_left() -> None:
    book = a_book("""
        bid | price | ask
            |   100 | 8
    """)

    book.buy("ice", 10, 100, iceberg_lots=5)

    assert str(book) == "    2 |   100 |"


def test_a_level_that_comes_back_within_a_command_is_one_change() -> None:
    book = Book()
    book.buy("ice", 4, 100, iceberg_lots=2)
    book.buy("stop", 3, 100, order_type="STOP_LOSS_LIMIT", stop_price_ticks=100)

    outcome = book.sell("sam", 4, 100)

    assert outcome.depth is not None
    assert outcome.depth["bids"] == [{"price_ticks": 100, "quantity_lots": 3}]
    assert (outcome.depth["first_update_id"], outcome.depth["last_update_id"]) == (2, 2)


def test_depth_tells_bids_from_the_highest_then_asks_from_the_lowest() -> None:
    book = a_book("""
        bid | price | ask
            |   104 | 1
            |   103 | 1
          2 |   101 |
          2 |   100 |
    """)

    swept = book.buy("anna", 3, 105)
    turned = book.sell("sam", 8, 100)

    assert swept.depth is not None and turned.depth is not None
    assert [level["price_ticks"] for level in swept.depth["asks"]] == [103, 104]
    assert swept.depth["bids"] == [{"price_ticks": 105, "quantity_lots": 1}]
    assert turned.depth["bids"] == [
        {"price_ticks": price, "quantity_lots": 0} for price in (105, 101, 100)
    ]
    assert turned.depth["asks"] == [{"price_ticks": 100, "quantity_lots": 3}]
    assert turned.depth["first_update_id"] == swept.depth["last_update_id"] + 1
