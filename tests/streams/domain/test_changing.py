"""CancelOrder, CancelReplaceOrder, AmendOrder, SetSymbolStatus."""

import pytest

from schemas.records import ExecutionReport
from tests.streams.domain.builders import Book, a_book, drawn, placement, reasons, told


def a_resting_order() -> Book:
    """Order 1, ``anna``: 10 at 100, 4 of it filled."""
    book = Book()
    paid = {"hold_id": "annas-hold", "reserved_price_ticks": 100}
    book.buy("anna", 10, 100, self_trade_prevention="EXPIRE_BOTH", **paid)
    book.sell("sam", 4, 100)
    return book


def order_fields(report: ExecutionReport) -> tuple[object, ...]:
    return report["side"], report["order_type"], report["price_ticks"], report["quantity_lots"]


def test_a_cancel_by_client_order_id() -> None:
    book = a_resting_order()

    outcome = book.cancel("anna", client_order_id="my-cancel")

    (report,) = outcome.reports
    assert told(outcome) == ["my-cancel CANCELED"]
    assert report["original_client_order_id"] == "anna"
    assert order_fields(report) == ("BUY", "LIMIT", 100, 10)
    assert (report["cumulative_quantity_lots"], report["leaves_quantity_lots"]) == (4, 0)
    assert (report["is_working"], report["self_trade_prevention"]) == (True, "EXPIRE_BOTH")
    assert str(book) == "(empty)"


@pytest.mark.parametrize(
    "terms",
    [
        {"order_id": 1, "original_client_order_id": ""},
        {"order_id": 1},
        {},
        {"hold_id": "annas-hold"},
    ],
)
def test_a_cancel_finds_its_order(terms: dict[str, object]) -> None:
    assert told(a_resting_order().cancel("anna", **terms)) == ["anna CANCELED"]


@pytest.mark.parametrize(
    "terms",
    [
        {"order_id": 2},
        {"order_id": 1, "original_client_order_id": "else"},
        {"order_id": 1, "account_id": "other"},
        {"account_id": "other"},
        {"original_client_order_id": ""},
        {"original_client_order_id": "never"},
        {"hold_id": "another-hold"},
    ],
)
def test_a_cancel_that_fits_no_order_of_the_account(terms: dict[str, object]) -> None:
    book = a_resting_order()

    outcome = book.cancel("anna", client_order_id="c", **terms)

    (report,) = outcome.reports
    assert told(outcome) == ["c CANCEL_REJECTED REJECTED UNKNOWN_ORDER"]
    assert order_fields(report) == ("NONE", "NONE", 0, 0)
    assert report["order_id"] == terms.get("order_id", 0)
    assert report["original_client_order_id"] == terms.get("original_client_order_id", "anna")


def test_an_order_is_canceled_once() -> None:
    book = a_resting_order()
    book.cancel("anna")

    assert reasons(book.cancel("anna")) == ["UNKNOWN_ORDER"]


def test_cancel_restrictions() -> None:
    book = a_resting_order()
    book.buy("untouched", 5, 90)

    executed = book.cancel("anna", restriction="ONLY_NEW", client_order_id="c")
    untouched = book.cancel("untouched", restriction="ONLY_PARTIALLY_FILLED")

    assert told(executed) == [
        "anna CANCEL_REJECTED PARTIALLY_FILLED left 6 CANCEL_RESTRICTED",
    ]
    assert executed.reports[0]["original_client_order_id"] == ""
    assert order_fields(executed.reports[0]) == ("BUY", "LIMIT", 100, 10)
    assert told(untouched) == ["untouched CANCEL_REJECTED NEW left 5 CANCEL_RESTRICTED"]
    assert told(book.cancel("anna", restriction="ONLY_PARTIALLY_FILLED")) == ["anna CANCELED"]
    assert told(book.cancel("untouched", restriction="ONLY_NEW")) == ["untouched CANCELED"]


def test_cancel_replace_does_both_under_the_outer_command() -> None:
    book = a_resting_order()

    outcome = book.replace("anna", placement("next", side="BUY", price_ticks=99, quantity_lots=2))

    assert told(outcome) == ["anna CANCELED", "next NEW left 2"]
    assert {report["account_id"] for report in outcome.reports} == {"anna"}
    assert {report["command_id"] for report in outcome.reports} == {"command-3"}
    assert outcome.depth is not None
    assert outcome.depth["bids"] == [
        {"price_ticks": 100, "quantity_lots": 0},
        {"price_ticks": 99, "quantity_lots": 2},
    ]
    assert book.market.state.book.orders[3].command_id == "command-3"


def test_cancel_replace_stops_on_failure_or_does_not() -> None:
    book = a_resting_order()
    by = placement("next", side="BUY", price_ticks=99, quantity_lots=2)

    stopped = book.replace("never", by)
    allowed = book.replace("never", by, mode="ALLOW_FAILURE")

    assert told(stopped) == [
        " CANCEL_REJECTED REJECTED UNKNOWN_ORDER",
        "next REJECTED CANCEL_REPLACE_STOPPED",
    ]
    assert order_fields(stopped.reports[1]) == ("BUY", "LIMIT", 99, 2)
    assert told(allowed) == [" CANCEL_REJECTED REJECTED UNKNOWN_ORDER", "next NEW left 2"]


def test_a_replacement_may_not_reuse_the_id_of_what_it_replaces() -> None:
    book = a_resting_order()

    outcome = book.replace("anna", placement("anna", price_ticks=99, quantity_lots=2))

    assert told(outcome) == ["anna CANCELED", "anna REJECTED DUPLICATE_CLIENT_ORDER_ID"]


def test_an_amend_reduces_in_place() -> None:
    book = a_resting_order()
    book.buy("bert", 1, 100)

    outcome = book.amend("anna", 6)

    assert told(outcome) == ["anna REPLACED PARTIALLY_FILLED left 2"]
    assert outcome.reports[0]["original_client_order_id"] == "anna"
    assert str(book) == "    3 |   100 |"
    assert told(book.sell("sue", 1, 100))[1] == "anna TRADE PARTIALLY_FILLED 1@100 left 1"


def test_an_amend_may_give_a_new_client_order_id() -> None:
    book = a_resting_order()

    outcome = book.amend("anna", 6, client_order_id="anna-2")

    assert told(outcome) == ["anna-2 REPLACED PARTIALLY_FILLED left 2"]
    assert outcome.reports[0]["original_client_order_id"] == "anna"
    assert reasons(book.cancel("anna")) == ["UNKNOWN_ORDER"]
    assert reasons(book.buy("anna", 1, 90)) == ["DUPLICATE_CLIENT_ORDER_ID"]
    assert told(book.cancel("anna-2", account_id="anna")) == ["anna-2 CANCELED"]


def test_an_amended_iceberg_shows_no_more_than_is_left() -> None:
    book = Book()
    book.buy("ice", 10, 100, iceberg_lots=4)

    book.amend("ice", 7)
    assert str(book) == "    4 |   100 |"

    book.amend("ice", 3)
    assert str(book) == "    3 |   100 |"


@pytest.mark.parametrize(
    ("quantity", "terms", "rules", "reason"),
    [
        (0, {"account_id": "x"}, {}, "QUANTITY_NOT_POSITIVE"),
        (-1, {}, {}, "QUANTITY_NOT_POSITIVE"),
        (11, {"account_id": "x"}, {"quantity_step_lots": 3}, "UNKNOWN_ORDER"),
        (11, {}, {"quantity_step_lots": 3}, "LOT_SIZE"),
        (10, {"client_order_id": "used"}, {}, "AMEND_NOT_A_REDUCTION"),
        (4, {"client_order_id": "used"}, {}, "AMEND_BELOW_EXECUTED"),
        (5, {"client_order_id": "used"}, {"min_notional_units": 501}, "DUPLICATE_CLIENT_ORDER_ID"),
        (5, {}, {"min_notional_units": 501}, "NOTIONAL"),
        (5, {}, {"max_notional_units": 499}, "NOTIONAL"),
        (5, {"client_order_id": "anna"}, {"min_notional_units": 500}, "NONE"),
    ],
)
def test_amend_refusals_in_order(
    quantity: int, terms: dict[str, object], rules: dict[str, object], reason: str
) -> None:
    book = a_resting_order()
    book.buy("used", 1, 90, account_id="anna")

    outcome = book.restored(**rules).amend("anna", quantity, **terms)

    assert reasons(outcome) == [reason]


def test_a_refused_amend_speaks_of_the_command_first_and_then_of_the_order() -> None:
    book = a_resting_order()

    early = book.amend("anna", 0, client_order_id="new", order_id=1).reports[0]
    late = book.amend("anna", 10, client_order_id="new").reports[0]

    assert order_fields(early) == ("NONE", "NONE", 0, 0)
    assert (early["order_id"], early["order_status"]) == (1, "REJECTED")
    assert (early["client_order_id"], early["original_client_order_id"]) == ("new", "anna")
    assert order_fields(late) == ("BUY", "LIMIT", 100, 10)
    assert (late["execution_type"], late["order_status"]) == ("AMEND_REJECTED", "PARTIALLY_FILLED")
    assert (late["client_order_id"], late["original_client_order_id"]) == ("anna", "")


def test_a_halted_symbol_takes_nothing() -> None:
    book = a_resting_order()

    outcome = book.set_status("HALT")

    (report,) = outcome.reports
    assert told(outcome) == [" STATUS_CHANGED"]
    assert (report["order_id"], report["account_id"]) == (0, "operator")
    assert (report["order_status"], report["execution_id"]) == ("NONE", 5)
    assert reasons(book.buy("bert", 1, 100)) == ["SYMBOL_HALTED"]
    assert reasons(book.cancel("anna")) == ["SYMBOL_HALTED"]
    assert reasons(book.cancel("never")) == ["SYMBOL_HALTED"]
    assert reasons(book.amend("anna", -5)) == ["SYMBOL_HALTED"]


def test_a_cancel_only_symbol_takes_cancels() -> None:
    book = a_resting_order()
    book.set_status("CANCEL_ONLY")

    assert reasons(book.buy("bert", 1, 100)) == ["SYMBOL_CANCEL_ONLY"]
    assert reasons(book.amend("anna", -5)) == ["SYMBOL_CANCEL_ONLY"]
    replaced = book.replace("anna", placement("next", price_ticks=99, quantity_lots=2))
    assert told(replaced) == ["anna CANCELED", "next REJECTED SYMBOL_CANCEL_ONLY"]

    book.set_status("TRADING")
    assert told(book.buy("bert", 1, 100)) == ["bert NEW left 1"]


def test_a_cancel_in_the_middle_of_the_queue_and_of_the_book() -> None:
    book = a_book("""
        bid | price | ask
            |   103 | 1
            |   102 | 1, 2, 3
            |   101 | 1
    """)

    book.cancel("ask-102b")
    book.cancel("ask-103")

    assert str(book) == drawn("""
        bid | price | ask
            |   102 | 4
            |   101 | 1
    """)
