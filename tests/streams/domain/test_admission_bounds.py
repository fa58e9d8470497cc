"""Admission at its bounds: the last value that passes, the first that does not."""

from typing import Any

import pytest

from tests.streams.domain.builders import Book, reasons, told


def a_traded_book() -> Book:
    """Last price 100, and 50 to sell at it."""
    book = Book()
    book.sell("t1", 1, 100)
    book.buy("t2", 1, 100)
    book.sell("ask", 50, 100)
    return book


UNSUPPORTED = {
    "no side": {"side": "NONE"},
    "no type": {"order_type": "NONE"},
    "no time in force": {"time_in_force": "NONE"},
    "no client order id": {"client_order_id": ""},
    "a price on a market order": {"order_type": "MARKET"},
    "a negative price on a stop": {
        "order_type": "STOP_LOSS", "price_ticks": -1, "stop_price_ticks": 90,
    },
    "a stop price on a limit order": {"stop_price_ticks": 90},
    "a quote quantity on a limit order": {"quantity_lots": 0, "quote_quantity_units": 100},
    "both quantities": {"order_type": "MARKET", "price_ticks": 0, "quote_quantity_units": 100},
    "an IOC maker": {"order_type": "LIMIT_MAKER", "time_in_force": "IOC"},
    "a FOK market order": {"order_type": "MARKET", "price_ticks": 0, "time_in_force": "FOK"},
    "an IOC iceberg": {"iceberg_lots": 5, "time_in_force": "IOC"},
    "a negative iceberg on a market order": {
        "order_type": "MARKET", "price_ticks": 0, "iceberg_lots": -5,
    },
    "a maker rate above one": {"maker_rate_ppm": 1_000_001},
    "a negative taker rate": {"taker_rate_ppm": -1},
    "a negative reserved price": {"reserved_price_ticks": -1},
}  # fmt: skip


@pytest.mark.parametrize("terms", UNSUPPORTED.values(), ids=UNSUPPORTED.keys())
def test_unsupported_combinations(terms: dict[str, Any]) -> None:
    order = {"quantity_lots": 10, "price_ticks": 100} | terms

    assert reasons(Book().place("order", **order)) == ["UNSUPPORTED_ORDER_COMBINATION"]


LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("rules", "terms", "reason"),
    [
        ({}, {"price_ticks": 1, "quantity_lots": LARGEST}, "NONE"),
        ({}, {"price_ticks": LARGEST, "quantity_lots": 1}, "NONE"),
        ({}, {"price_ticks": 2, "quantity_lots": LARGEST // 2 + 1}, "AMOUNT_OVERFLOW"),
        ({"quote_units_per_tick_lot": 7}, {"price_ticks": LARGEST // 70}, "NONE"),
        (
            {"quote_units_per_tick_lot": 7},
            {"price_ticks": LARGEST // 70 + 1},
            "AMOUNT_OVERFLOW",
        ),
        ({"base_units_per_lot": 7}, {"price_ticks": 1, "quantity_lots": LARGEST // 7}, "NONE"),
        (
            {"base_units_per_lot": 7},
            {"price_ticks": 1, "quantity_lots": LARGEST // 7 + 1},
            "AMOUNT_OVERFLOW",
        ),
        ({"max_price_ticks": 2**40}, {"quantity_lots": 2**23}, "AMOUNT_OVERFLOW"),
        ({"min_price_ticks": 100, "max_price_ticks": 100}, {}, "NONE"),
        ({"min_price_ticks": 101}, {}, "PRICE_FILTER"),
        ({"max_price_ticks": 99}, {}, "PRICE_FILTER"),
        ({"min_quantity_lots": 10, "max_quantity_lots": 10}, {}, "NONE"),
        ({"min_quantity_lots": 11}, {}, "LOT_SIZE"),
        ({"max_quantity_lots": 9}, {}, "LOT_SIZE"),
        ({"min_quantity_lots": 4}, {"iceberg_lots": 3}, "LOT_SIZE"),
        ({"quantity_step_lots": 5}, {"iceberg_lots": 4}, "LOT_SIZE"),
        ({"max_iceberg_parts": 4}, {"iceberg_lots": 3}, "NONE"),
        ({"max_iceberg_parts": 3}, {"iceberg_lots": 3}, "ICEBERG_PARTS"),
        ({}, {"iceberg_lots": 10}, "NONE"),
        ({}, {"iceberg_lots": -1}, "QUANTITY_NOT_POSITIVE"),
        ({"min_notional_units": 1000, "max_notional_units": 1000}, {}, "NONE"),
        ({"min_notional_units": 1001}, {}, "NOTIONAL"),
        ({"max_notional_units": 999}, {}, "NOTIONAL"),
        ({"quote_units_per_tick_lot": 3, "max_notional_units": 2}, {}, "NOTIONAL"),
    ],
)  # fmt: skip
def test_bounds_of_a_limit_order(rules: dict[str, Any], terms: dict[str, Any], reason: str) -> None:
    outcome = Book(**rules).place("order", **{"price_ticks": 100, "quantity_lots": 10} | terms)

    assert reasons(outcome) == [reason]


@pytest.mark.parametrize(
    ("rules", "terms", "reason"),
    [
        ({"min_notional_units": 1001}, {}, "NONE"),
        ({"min_notional_units": 1001, "apply_min_notional_to_market": True}, {}, "NOTIONAL"),
        ({"max_notional_units": 999, "apply_min_notional_to_market": True}, {}, "NONE"),
        ({"max_notional_units": 999, "apply_max_notional_to_market": True}, {}, "NOTIONAL"),
        (
            {"min_notional_units": 501, "apply_min_notional_to_market": True},
            {"quantity_lots": 0, "quote_quantity_units": 500},
            "NOTIONAL",
        ),
        ({"market_min_quantity_lots": 11}, {}, "MARKET_LOT_SIZE"),
        ({"market_max_quantity_lots": 9}, {}, "MARKET_LOT_SIZE"),
        (
            {"market_min_quantity_lots": 11, "quantity_step_lots": 5},
            {"quantity_lots": 0, "quote_quantity_units": 500},
            "NONE",
        ),
        ({"quantity_step_lots": 5}, {"budget_units": 499}, "BUDGET_EXCEEDED"),
        ({"quantity_step_lots": 5}, {"budget_units": 500}, "NONE"),
        ({}, {"budget_units": 0}, "MISSING_BUDGET"),
        ({}, {"side": "SELL", "budget_units": 0}, "NO_LIQUIDITY"),
        (
            {},
            {"side": "SELL", "quantity_lots": 0, "quote_quantity_units": 500, "hold_id": "h"}
            | {"budget_units": 0},
            "MISSING_BUDGET",
        ),
        ({}, {"quantity_lots": 0, "quote_quantity_units": 99}, "BUDGET_EXCEEDED"),
        (
            {},
            {"quantity_lots": 0, "quote_quantity_units": 500, "budget_units": 99},
            "BUDGET_EXCEEDED",
        ),
        ({}, {"quantity_lots": 0, "quote_quantity_units": -5}, "QUANTITY_NOT_POSITIVE"),
    ],
)
def test_bounds_of_a_market_order(
    rules: dict[str, Any], terms: dict[str, Any], reason: str
) -> None:
    book = a_traded_book()

    outcome = book.restored(**rules).place("order", **{"quantity_lots": 10} | terms)

    assert reasons(outcome)[-1] == reason


@pytest.mark.parametrize(
    ("side", "price", "reason"),
    [
        ("BUY", 50, "NONE"),
        ("BUY", 49, "PERCENT_PRICE_BY_SIDE"),
        ("BUY", 99, "NONE"),
        ("SELL", 200, "NONE"),
        ("SELL", 201, "PERCENT_PRICE_BY_SIDE"),
        ("SELL", 101, "NONE"),
    ],
)
def test_percent_price_by_side(side: str, price: int, reason: str) -> None:
    book = a_traded_book()
    rules = {"bid_multiplier_down_ppm": 500_000, "ask_multiplier_up_ppm": 2_000_000}

    outcome = book.restored(**rules).place("o", side=side, quantity_lots=1, price_ticks=price)

    assert reasons(outcome) == [reason]


def test_a_multiplier_of_a_small_price_is_not_rounded_away() -> None:
    book = Book()
    book.sell("t1", 1, 1)
    book.buy("t2", 1, 1)

    outcome = book.restored(bid_multiplier_up_ppm=500_000).buy("order", 1, 1)

    assert reasons(outcome) == ["PERCENT_PRICE_BY_SIDE"]


def test_a_closer_look_at_one_order_does_not_blur_the_next_one() -> None:
    book = Book(ask_multiplier_down_ppm=950_000)
    for name, price in (("one", 100), ("two", 110)):
        assert reasons(book.sell(name, 1, price)) == ["NONE"]
        book.buy(f"buy {name}", 1, price)

    closely = book.sell("ice", 2, 105, iceberg_lots=1)
    quickly = book.sell("plain", 1, 104)

    assert [reasons(closely), reasons(quickly)] == [["NONE"], ["PERCENT_PRICE_BY_SIDE"]]
    assert reasons(book.sell("fine", 1, 105)) == ["NONE"]


def test_orders_that_cannot_rest_are_not_counted_against_the_limit() -> None:
    book = Book(max_num_orders=1)
    book.buy("open", 1, 50, account_id="alice")
    book.sell("ask", 50, 100)

    unrested: dict[str, dict[str, Any]] = {
        "market": {"price_ticks": 0},
        "ioc": {"price_ticks": 50, "time_in_force": "IOC"},
        "fok": {"price_ticks": 50, "time_in_force": "FOK"},
    }
    for name, kind in unrested.items():
        assert reasons(book.place(name, quantity_lots=1, account_id="alice", **kind))[0] == "NONE"
    assert reasons(book.buy("more", 1, 50, account_id="alice")) == ["MAX_NUM_ORDERS"]
    book.cancel("open", account_id="alice")
    assert reasons(book.buy("more", 1, 50, account_id="alice")) == ["NONE"]


def test_a_triggered_stop_frees_its_place_among_the_stops() -> None:
    book = Book(max_num_algo_orders=1)
    terms = {"account_id": "alice", "order_type": "STOP_LOSS_LIMIT", "stop_price_ticks": 100}
    book.buy("stop", 1, 90, **terms)
    assert reasons(book.buy("more", 1, 90, **terms)) == ["MAX_NUM_ALGO_ORDERS"]

    book.sell("t1", 1, 100)
    book.buy("t2", 1, 100)

    terms["stop_price_ticks"] = 110
    assert reasons(book.buy("more", 1, 90, **terms)) == ["NONE"]


def test_a_refused_order_leaves_no_trace_but_its_report() -> None:
    book = Book()

    (report,) = book.buy("anna", -1, 100, reserved_price_ticks=7, budget_units=3).reports

    assert told(book.buy("anna", 1, 100)) == ["anna NEW left 1"]
    assert report | {"execution_id": 1} == report
    assert (report["order_id"], report["order_time_ms"], report["is_working"]) == (0, 0, False)
    assert (report["quantity_lots"], report["leaves_quantity_lots"]) == (-1, 0)
    assert (report["price_ticks"], report["reserved_price_ticks"], report["budget_units"]) == (
        100,
        7,
        3,
    )
