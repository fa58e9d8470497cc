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
from tests.streams.domain.builders import NOON_MS, Book, placement, reasons

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


small = st.integers(-1, 12)
terms = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from(["a", "b"]),
        "client_order_id": st.sampled_from(["", "open", "x"]),
        "side": st.sampled_from(["NONE", "BUY", "SELL"]),
        "order_type": st.sampled_from(["LIMIT"] * 4 + ["LIMIT_MAKER"] * 2 + ["MARKET"]),
        "time_in_force": st.sampled_from(["GTC"] * 5 + ["IOC", "FOK", "NONE"]),
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


@settings(max_examples=400)
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
