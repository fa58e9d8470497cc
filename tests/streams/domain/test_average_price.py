"""The average price: a window of minutes, the last price without it, sums that stay in 64 bits."""

from streams.domain.average_price import AveragePrice
from tests.streams.domain.builders import NOON_MS, Book, reasons

MINUTE = NOON_MS // 60_000


def trade(book: Book, quantity: int, price: int) -> None:
    book.sell(f"s{book.now_ms}-{price}", quantity, price)
    book.buy(f"b{book.now_ms}-{price}", quantity, price)


def reference(book: Book) -> int:
    return book.market.state.reference_price()


def test_without_a_trade_there_is_no_reference() -> None:
    assert reference(Book(average_price_minutes=5)) == 0


def test_the_average_is_weighed_by_quantity_and_rounded_down() -> None:
    book = Book(average_price_minutes=5)
    trade(book, 1, 100)
    trade(book, 2, 104)

    assert reference(book) == 308 // 3


def test_the_window_ends_when_its_minute_is_as_old_as_it_is_wide() -> None:
    book = Book(average_price_minutes=2)
    trade(book, 1, 100)
    book.wait(60_000)
    trade(book, 1, 200)

    assert reference(book) == 150
    book.wait(59_999)
    assert reference(book) == 150
    book.wait(1)
    assert reference(book) == 200
    book.wait(60_000)
    assert reference(book) == 200, "the last price"


def test_a_trade_drops_buckets_that_left_the_window() -> None:
    book = Book(average_price_minutes=2)
    trade(book, 1, 100)
    book.wait(60_000)
    trade(book, 3, 200)
    book.wait(60_000)
    assert len(book.market.symbol_row()["average_price_minutes"]) == 2

    trade(book, 4, 300)

    assert book.market.symbol_row()["average_price_minutes"] == [
        {"minute": MINUTE + 1, "quantity_lots": 3, "notional_tick_lots": 600},
        {"minute": MINUTE + 2, "quantity_lots": 4, "notional_tick_lots": 1200},
    ]


def test_without_a_window_the_last_price_counts_and_nothing_is_kept() -> None:
    book = Book(average_price_minutes=0)
    trade(book, 1, 100)
    trade(book, 1, 120)

    assert reference(book) == 120
    assert book.market.symbol_row()["average_price_minutes"] == []


def test_the_filter_follows_the_window_without_a_trade() -> None:
    book = Book(average_price_minutes=1, bid_multiplier_up_ppm=1_000_000)
    book.sell("s1", 1, 100)
    book.buy("b1", 1, 100)
    book.sell("s2", 1, 100)
    book.sell("s3", 9, 50)
    book.buy("b2", 1, 50)

    assert reasons(book.buy("high", 1, 76)) == ["PERCENT_PRICE_BY_SIDE"]
    book.wait(60_000)
    assert reasons(book.buy("still high", 1, 51)) == ["PERCENT_PRICE_BY_SIDE"]
    assert reasons(book.buy("fine", 1, 49)) == ["NONE"]


def test_sums_are_halved_before_they_pass_64_bits() -> None:
    average = AveragePrice(5)
    average.add(MINUTE, 2**62, 1)
    average.add(MINUTE, 2**62 - 1, 1)
    assert average.rows()[0]["quantity_lots"] == 2**63 - 1

    average.add(MINUTE, 1, 2**61)

    assert average.rows() == [
        {
            "minute": MINUTE,
            "quantity_lots": 2**62,
            "notional_tick_lots": 2**62 - 1 + 2**61,
        }
    ]
