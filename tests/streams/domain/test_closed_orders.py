"""Client order ids of closed orders: remembered for a day, the oldest forgotten first."""

from streams.domain.closed_orders import REMEMBERED_MS
from tests.streams.domain.builders import Book, reasons


def close(book: Book, *names: str) -> None:
    for name in names:
        book.buy(name, 1, 100, account_id="anna")
        book.cancel(name, account_id="anna")


def remembered(book: Book) -> set[str]:
    return {row["client_order_id"] for row in book.market.state.closed.rows()}


def test_an_id_is_forgotten_after_a_day() -> None:
    book = Book()
    close(book, "one")

    book.wait(REMEMBERED_MS - 1)
    assert reasons(book.buy("one", 1, 100, account_id="anna")) == ["DUPLICATE_CLIENT_ORDER_ID"]

    book.wait(1)
    assert reasons(book.buy("one", 1, 100, account_id="anna")) == ["NONE"]


def test_an_id_belongs_to_its_account() -> None:
    book = Book()
    close(book, "one")

    assert reasons(book.buy("one", 1, 100, account_id="bert")) == ["NONE"]


def test_rejected_orders_are_not_remembered() -> None:
    book = Book()

    book.buy("one", -1, 100)

    assert remembered(book) == set()


def test_an_order_that_ends_at_once_is_remembered() -> None:
    book = Book()
    book.sell("sam", 1, 100)
    book.buy("anna", 1, 100)
    book.buy("ioc", 1, 100, time_in_force="IOC")

    assert remembered(book) == {"sam", "anna", "ioc"}


def test_there_are_no_more_than_the_limit() -> None:
    book = Book(closed_limit=2)
    close(book, "one")
    book.wait(1)
    close(book, "two")
    book.wait(1)

    close(book, "three")

    assert remembered(book) == {"two", "three"}


def test_within_a_millisecond_the_lowest_order_id_is_the_oldest() -> None:
    book = Book(closed_limit=2)
    for name in ("first", "second", "third", "fourth"):
        book.buy(name, 1, 100)

    for name in ("third", "first", "second", "fourth"):
        book.cancel(name)

    assert remembered(book) == {"third", "fourth"}


def test_an_amended_order_counts_once_for_each_id_it_lost() -> None:
    book = Book(closed_limit=2)
    book.buy("b", 9, 100, account_id="anna")
    book.amend("b", 8, account_id="anna", client_order_id="a")
    book.amend("a", 7, account_id="anna", client_order_id="c")

    book.amend("c", 6, account_id="anna", client_order_id="d")

    assert remembered(book) == {"b", "c"}, "of equal time and order id, the lowest name goes first"


def test_a_limit_of_zero_remembers_nothing() -> None:
    book = Book(closed_limit=0)
    close(book, "one", "one")

    assert remembered(book) == set()
    assert book.market.state.accounts == {}


def test_forgetting_by_age_also_empties_a_millisecond_that_went_by_count() -> None:
    book = Book(closed_limit=2)
    close(book, "one", "two", "three")
    book.wait(5)

    book.wait(REMEMBERED_MS)

    assert remembered(book) == set()


def test_changes_tell_the_row_or_that_it_is_gone() -> None:
    book = Book(closed_limit=1)
    close(book, "one")
    first = book.market.take_changes().closed
    close(book, "two")

    assert list(first) == ["AAABBB:anna one"]
    closed = first["AAABBB:anna one"]
    assert closed is not None
    assert closed.to_row() == {
        "symbol": "AAABBB",
        "order_id": 1,
        "account_id": "anna",
        "client_order_id": "one",
        "closed_ms": book.now_ms,
    }
    second = book.market.take_changes().closed
    assert second["AAABBB:anna one"] is None
    assert second.keys() == {"AAABBB:anna one", "AAABBB:anna two"}
    assert book.market.take_changes().closed == {}


def test_an_id_that_is_used_again_is_no_longer_a_closed_one() -> None:
    book = Book()
    close(book, "one")
    book.market.take_changes()
    book.wait(REMEMBERED_MS)
    book.buy("one", 1, 100, account_id="anna")

    assert book.market.take_changes().closed == {"AAABBB:anna one": None}


def test_ids_of_two_accounts_never_share_a_row() -> None:
    book = Book()
    for account_id, client_order_id in (("a:b", "c"), ("a", "b:c")):
        book.buy(client_order_id, 1, 100, account_id=account_id)
        book.cancel(client_order_id, account_id=account_id)

    rows = book.market.take_changes().closed

    assert [row and row.account.account_id for row in rows.values()] == ["a:b", "a"]
