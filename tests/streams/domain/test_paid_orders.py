"""Orders that somebody pays for: what must be reserved, and what each report does to the hold."""

from typing import Any

import pytest

from schemas.records import ExecutionReport
from streams.domain.events import ReportEvent
from streams.domain.reservation import reservation
from streams.domain.settlement import settlement
from tests.streams.domain.builders import Book, placement

RULES = {"base_units_per_lot": 10, "quote_units_per_tick_lot": 2}


def test_a_sell_by_quote_whose_budget_is_less_than_a_step_is_refused() -> None:
    book = Book(**RULES)
    book.buy("anna", 50, 100)

    outcome = book.sell("sam", 0, quote_quantity_units=350, budget_units=9)

    assert outcome.reports[0]["reject_reason"] == "BUDGET_EXCEEDED"


@pytest.mark.parametrize(
    ("side", "reserved", "answer"),
    [("BUY", 0, "MISSING_BUDGET"), ("BUY", 99, "MISSING_BUDGET"), ("BUY", 100, "NONE")]
    + [("BUY", 101, "NONE"), ("SELL", 0, "NONE"), ("BUY", 2**62, "AMOUNT_OVERFLOW")],
)
def test_what_a_paid_order_has_reserved_covers_its_price(
    side: str, reserved: int, answer: str
) -> None:
    outcome = Book().place(
        "anna",
        side=side,
        quantity_lots=5,
        price_ticks=100,
        reserved_price_ticks=reserved,
        hold_id="h",
    )

    assert outcome.reports[0]["reject_reason"] == answer


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"quantity_lots": 5, "price_ticks": 7, "reserved_price_ticks": 8}, ("BBB", 5 * 8 * 2)),
        ({"side": "SELL", "quantity_lots": 5, "price_ticks": 7}, ("AAA", 50)),
        ({"quantity_lots": 5, "budget_units": 99}, ("BBB", 99)),
        ({"quote_quantity_units": 70, "budget_units": 60}, ("BBB", 60)),
        ({"quote_quantity_units": 70, "budget_units": 80}, ("BBB", 70)),
        ({"quote_quantity_units": 70, "budget_units": 0}, ("BBB", 70)),
        ({"side": "SELL", "quantity_lots": 5}, ("AAA", 50)),
        ({"side": "SELL", "quote_quantity_units": 70, "budget_units": 60}, ("AAA", 60)),
        ({"quantity_lots": 5, "order_type": "STOP_LOSS", "budget_units": 99}, ("BBB", 99)),
    ],
)
def test_what_an_order_reserves(terms: dict[str, object], expected: tuple[str, int]) -> None:
    book = Book(**RULES)
    command = placement("anna", **terms)

    assert reservation(book.instrument, command) == expected


def told_to_wallets(book: Book, reports: list[ExecutionReport]) -> list[str]:
    """Each settlement in a few words."""
    lines = []
    for report in reports:
        told = settlement(book.instrument, ReportEvent.from_record(report))
        if told is None:
            continue
        name, command = told
        assert command["account_id"] == report["account_id"]
        assert command["execution_id"] == report["execution_id"]
        if name == "WalletReleaseFundsCommand":
            lines.append(f"{command['hold_id']} keeps {command['keep_units']}")
        else:
            lines.append(
                f"{command['hold_id']} pays {command['paid_units']} for "
                f"{command['received_units']} {command['received_asset']} less "
                f"{command['commission_units']}, keeps {command['keep_units']}"
            )
    return lines


def test_a_fill_tells_both_wallets_all_that_they_need() -> None:
    book = Book(**RULES)
    book.sell("sam", 5, 100, hold_id="s", maker_rate_ppm=100_000)

    reports = book.buy(
        "anna", 8, 110, reserved_price_ticks=110, hold_id="a", taker_rate_ppm=200_000
    ).reports

    assert told_to_wallets(book, reports) == [
        "s pays 50 for 1000 BBB less 100, keeps 0",
        f"a pays 1000 for 50 AAA less 10, keeps {3 * 110 * 2}",
    ]


def test_every_end_releases_and_what_nobody_paid_for_moves_no_money() -> None:
    book = Book(**RULES)
    terms = {"reserved_price_ticks": 100}
    book.buy("anna", 8, 100, hold_id="a", **terms)
    book.buy("nobody", 8, 100)

    assert told_to_wallets(book, book.amend("anna", 6).reports) == ["a keeps 1200"]
    assert told_to_wallets(book, book.amend("anna", 7).reports) == []
    assert told_to_wallets(book, book.cancel("anna").reports) == ["a keeps 0"]
    assert told_to_wallets(book, book.cancel("anna").reports) == []
    assert told_to_wallets(book, book.cancel("nobody").reports) == []
    expired = book.buy("ioc", 1, 50, time_in_force="IOC", reserved_price_ticks=50, hold_id="i")
    assert told_to_wallets(book, expired.reports) == ["i keeps 0"]


def test_what_matching_refuses_after_the_reservation_is_released() -> None:
    book = Book(**RULES)
    book.set_status("HALT")
    refused = book.buy("anna", 8, 100, reserved_price_ticks=100, hold_id="a").reports

    assert refused[0]["reject_reason"] == "SYMBOL_HALTED"
    assert told_to_wallets(book, refused) == ["a keeps 0"]
    unknown: Any = refused[0] | {"execution_id": 0}
    told = settlement(None, ReportEvent.from_record(unknown))
    assert told is not None
    assert told[0] == "WalletReleaseFundsCommand"
    assert told[1]["keep_units"] == 0
