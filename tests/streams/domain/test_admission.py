"""Admission: every reason to refuse an order, alone and before every later one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.enums import REJECT_REASONS
from streams.domain.admission import PLACEMENT_CHECKS, first_refusal
from streams.domain.order import Order
from tests.streams.domain.builders import NOON_MS, Book, placement, reasons, told

ANY = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "MARKET", "STOP_LOSS")
LIMITS = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT")
STOPS = ("STOP_LOSS_LIMIT", "STOP_LOSS")
MARKETS = ("MARKET", "STOP_LOSS")


@dataclass
class Fault:
    """One thing wrong with a buy of 10 at 100 (stop price 90) by alice."""

    reason: str
    types: tuple[str, ...] = ANY
    command: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    before: Callable[[Book], object] | None = None
    is_last: bool = False
    """Its ``before`` comes after those of others: it closes the symbol."""


def trade_at_100(book: Book) -> None:
    book.sell("t1", 1, 100)
    book.buy("t2", 1, 100)


def ask_at_100(book: Book) -> None:
    book.sell("ask", 50, 100)


def used_id(book: Book) -> None:
    book.buy("order", 1, 50, account_id="alice")
    book.cancel("order", account_id="alice")


def an_open_order(book: Book) -> None:
    book.buy("open", 1, 50, account_id="alice")


def an_open_stop(book: Book) -> None:
    book.buy("stop", 1, 500, account_id="alice", order_type="STOP_LOSS_LIMIT", stop_price_ticks=500)


def an_open_iceberg(book: Book) -> None:
    book.buy("ice", 2, 50, account_id="alice", iceberg_lots=1)


FAULTS = (
    Fault("SYMBOL_HALTED", before=lambda book: book.set_status("HALT"), is_last=True),
    Fault("SYMBOL_CANCEL_ONLY", before=lambda book: book.set_status("CANCEL_ONLY"), is_last=True),
    Fault("UNSUPPORTED_ORDER_COMBINATION", command={"maker_rate_ppm": -1}),
    Fault("QUANTITY_NOT_POSITIVE", command={"quantity_lots": -1}),
    Fault("PRICE_NOT_POSITIVE", LIMITS, command={"price_ticks": -1}),
    Fault("AMOUNT_OVERFLOW", rules={"base_units_per_lot": 2**62}),
    Fault("PRICE_FILTER", (*LIMITS, "STOP_LOSS"), rules={"price_step_ticks": 7}),
    Fault("LOT_SIZE", rules={"quantity_step_lots": 3}),
    Fault("MARKET_LOT_SIZE", MARKETS, rules={"market_quantity_step_lots": 4}),
    Fault("ICEBERG_EXCEEDS_QUANTITY", LIMITS, command={"iceberg_lots": 12}),
    Fault("ICEBERG_PARTS", LIMITS, command={"iceberg_lots": 1}, rules={"max_iceberg_parts": 9}),
    Fault("MISSING_BUDGET", command={"budget_units": -1}),
    Fault("DUPLICATE_CLIENT_ORDER_ID", before=used_id),
    Fault("NOTIONAL", LIMITS, rules={"min_notional_units": 1001}),
    Fault(
        "PERCENT_PRICE_BY_SIDE",
        LIMITS,
        rules={"bid_multiplier_down_ppm": 1_010_000},
        before=trade_at_100,
    ),
    Fault("MAX_NUM_ORDERS", (*LIMITS, *STOPS), rules={"max_num_orders": 1}, before=an_open_order),
    Fault("MAX_NUM_ALGO_ORDERS", STOPS, rules={"max_num_algo_orders": 1}, before=an_open_stop),
    Fault(
        "MAX_NUM_ICEBERG_ORDERS",
        LIMITS,
        command={"iceberg_lots": 2},
        rules={"max_num_iceberg_orders": 1},
        before=an_open_iceberg,
    ),
    Fault("WOULD_TRIGGER_IMMEDIATELY", STOPS, before=trade_at_100),
    Fault("WOULD_IMMEDIATELY_MATCH", ("LIMIT_MAKER",), before=ask_at_100),
    Fault("NO_LIQUIDITY", ("MARKET",)),
    Fault("BUDGET_EXCEEDED", ("MARKET",), command={"budget_units": 99}, before=ask_at_100),
)

IMPOSSIBLE_TOGETHER = {
    ("SYMBOL_HALTED", "SYMBOL_CANCEL_ONLY"),
    ("NO_LIQUIDITY", "BUDGET_EXCEEDED"),
}


def common_types(faults: tuple[Fault, ...]) -> list[str]:
    return [name for name in ANY if all(name in fault.types for fault in faults)]


def refuse(faults: tuple[Fault, ...], order_type: str) -> list[str]:
    """The answer to a command that has all these faults."""
    book = Book()
    for fault in sorted(faults, key=lambda fault: fault.is_last):
        if fault.before is not None:
            fault.before(book)
    terms = {
        "account_id": "alice",
        "order_type": order_type,
        "quantity_lots": 10,
        "price_ticks": 0 if order_type in MARKETS else 100,
        "stop_price_ticks": 90 if order_type in STOPS else 0,
    }
    rules: dict[str, Any] = {}
    for fault in faults:
        terms |= fault.command
        rules |= fault.rules
    return reasons(book.restored(**rules).place("order", **terms))


def pairs() -> list[Any]:
    return [
        pytest.param(first, second, id=f"{first.reason}-{second.reason}")
        for first, second in combinations(FAULTS, 2)
        if common_types((first, second))
        and not first.command.keys() & second.command.keys()
        and (first.reason, second.reason) not in IMPOSSIBLE_TOGETHER
    ]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.reason)
def test_each_fault_alone_gives_its_reason(fault: Fault) -> None:
    for order_type in fault.types:
        assert refuse((fault,), order_type) == [fault.reason]


@pytest.mark.parametrize(("first", "second"), pairs())
def test_the_earlier_of_two_faults_gives_the_reason(first: Fault, second: Fault) -> None:
    for order_type in common_types((first, second)):
        assert refuse((first, second), order_type) == [first.reason]


def test_the_table_has_every_reason_in_the_order_of_the_enum() -> None:
    table = [reason for reason, _ in PLACEMENT_CHECKS]

    assert table == [fault.reason for fault in FAULTS]
    assert table == list(REJECT_REASONS[2 : 2 + len(table)])
    assert len(pairs()) > 150


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
    book = Book()
    trade_at_100(book)
    ask_at_100(book)

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
    book = Book()
    trade_at_100(book)
    rules = {"bid_multiplier_down_ppm": 500_000, "ask_multiplier_up_ppm": 2_000_000}

    outcome = book.restored(**rules).place("o", side=side, quantity_lots=1, price_ticks=price)

    assert reasons(outcome) == [reason]


def test_a_multiplier_of_a_small_price_is_not_rounded_away() -> None:
    book = Book()
    book.sell("t1", 1, 1)
    book.buy("t2", 1, 1)

    outcome = book.restored(bid_multiplier_up_ppm=500_000).buy("order", 1, 1)

    assert reasons(outcome) == ["PERCENT_PRICE_BY_SIDE"]


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

    trade_at_100(book)

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


small = st.integers(-1, 12)
terms = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from(["a", "b"]),
        "client_order_id": st.sampled_from(["", "open", "x"]),
        "side": st.sampled_from(["NONE", "BUY", "SELL"]),
        "order_type": st.sampled_from(["LIMIT"] * 5 + ["LIMIT_MAKER", "MARKET"]),
        "time_in_force": st.sampled_from(["GTC"] * 5 + ["IOC", "NONE"]),
        "price_ticks": small,
        "quantity_lots": small,
        "iceberg_lots": st.sampled_from([0] * 9 + [1]),
        "budget_units": st.sampled_from([0] * 9 + [-1, 1]),
        "maker_rate_ppm": st.sampled_from([0, 1_000_000, -1, 1_000_001]),
        "taker_rate_ppm": st.sampled_from([0, 1_000_000, -1, 1_000_001]),
        "reserved_price_ticks": st.sampled_from([0, 0, 0, -1, 5]),
    }
)
rules = st.fixed_dictionaries(
    {
        "quote_units_per_tick_lot": st.integers(1, 3),
        "base_units_per_lot": st.sampled_from([1, 2**60]),
        "min_price_ticks": small.filter(lambda value: value >= 0),
        "max_price_ticks": st.sampled_from([0, 0, 5, 9, 2**60]),
        "price_step_ticks": st.integers(0, 3),
        "min_quantity_lots": st.integers(0, 3),
        "max_quantity_lots": st.sampled_from([0, 0, 5, 9]),
        "quantity_step_lots": st.integers(0, 3),
        "min_notional_units": st.sampled_from([0, 0, 7, 20]),
        "max_notional_units": st.sampled_from([0, 0, 2, 60]),
        "bid_multiplier_up_ppm": st.sampled_from([0, 1, 900_000, 1_500_000]),
        "bid_multiplier_down_ppm": st.sampled_from([0, 1, 900_000, 1_500_000]),
        "ask_multiplier_up_ppm": st.sampled_from([0, 1, 900_000, 1_500_000]),
        "ask_multiplier_down_ppm": st.sampled_from([0, 1, 900_000, 1_500_000]),
        "max_num_orders": st.integers(0, 2),
    }
)


@settings(max_examples=400, deadline=None)
@given(
    terms=terms, rules=rules, trade=st.integers(0, 12), status=st.sampled_from(["TRADING", "HALT"])
)
def test_the_short_way_in_lets_in_nothing_that_a_check_refuses(
    terms: dict[str, Any], rules: dict[str, Any], trade: int, status: str
) -> None:
    book = Book()
    book.buy("open", 1, 1, account_id="a")
    if trade:
        book.sell("s", 1, trade + 1)
        book.buy("b", 1, trade + 1)
    book = book.restored(**rules)
    state = book.market.state
    state.status = "HALT" if status == "HALT" else "TRADING"
    command: Any = placement("x", **terms) | {"command_id": "c", "symbol": "S", "time_ms": NOON_MS}

    is_let_in = state.quick_admission.accepts(
        state, Order(command, NOON_MS), state.accounts.get(command["account_id"])
    )

    if is_let_in:
        assert first_refusal(state, command) == "NONE"
