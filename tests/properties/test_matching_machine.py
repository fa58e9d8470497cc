"""Hypothesis drives the engine and its twin, and shrinks what they differ in to a few commands.

The seeded runs beside this file go further; this one explains better.
"""

import os
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from schemas.enums import SELF_TRADE_PREVENTIONS, SYMBOL_STATUSES, CancelRestriction
from schemas.instruments import Instrument
from tests.properties.lock_step import LockStep
from tests.simulation.builders import (
    NOON_MS,
    a_cancel,
    a_cancel_replace,
    a_place,
    an_amend,
)
from tests.simulation.instruments import HOSTILE_INSTRUMENTS, an_instrument

# Shrinking a difference takes minutes, and is worth them.
pytestmark = pytest.mark.timeout(600)

EXAMPLES = int(os.environ.get("TRADEFLOW_TWIN_EXAMPLES", "60"))

ACCOUNTS = st.sampled_from(("alice", "bob", "carol"))
CLIENT_ORDER_IDS = st.sampled_from([f"name-{number}" for number in range(60)])
OPEN_ORDER = st.integers(0, 30)
"""Which of the open orders, counted round."""

LIMIT_TERMS = st.sampled_from(
    (
        {"order_type": "LIMIT"},
        {"order_type": "LIMIT", "time_in_force": "IOC"},
        {"order_type": "LIMIT", "time_in_force": "FOK"},
        {"order_type": "LIMIT_MAKER"},
    )
)
STOP_LIMIT_TERMS = st.builds(
    lambda order_type, time_in_force: {"order_type": order_type, "time_in_force": time_in_force},
    st.sampled_from(("STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")),
    st.sampled_from(("GTC", "GTC", "IOC", "FOK")),
)


@st.composite
def terms(draw: st.DrawFn, rules: Instrument) -> dict[str, Any]:
    """The terms of an order that the instrument mostly takes."""
    step, grid = rules.quantity_step_lots or 1, rules.price_step_ticks or 1
    price = st.integers(96 // grid, 104 // grid).map(lambda ticks: ticks * grid)
    quantity = step * draw(st.integers(max(1, rules.min_quantity_lots // step), 12))
    fields: dict[str, Any] = {
        "side": draw(st.sampled_from(("BUY", "SELL"))),
        "quantity_lots": quantity,
        "price_ticks": draw(price),
        "self_trade_prevention": draw(st.sampled_from(SELF_TRADE_PREVENTIONS)),
        "taker_rate_ppm": draw(st.sampled_from((0, 333_333))),
    }
    shape = draw(st.sampled_from(("limit", "iceberg", "stop limit", "stop", "market", "quote")))
    worth = fields["price_ticks"] * quantity * rules.quote_units_per_tick_lot
    if shape == "limit":
        fields.update(draw(LIMIT_TERMS))
    if shape in ("stop limit", "stop"):
        fields["stop_price_ticks"] = draw(price)
    if shape == "stop limit":
        fields.update(draw(STOP_LIMIT_TERMS))
    if shape in ("iceberg", "stop limit") and fields.get("time_in_force", "GTC") == "GTC":
        fields["iceberg_lots"] = step * draw(st.integers(0 if shape == "stop limit" else 1, 4))
    if shape in ("stop", "market", "quote"):
        budget = min(2**63 - 1, worth * draw(st.integers(50, 150)) // 100)
        fields.update(order_type="MARKET", price_ticks=0, budget_units=budget)
    if shape == "stop":
        fields["order_type"] = draw(st.sampled_from(("STOP_LOSS", "TAKE_PROFIT")))
    if shape == "quote":
        fields.update(quantity_lots=0, quote_quantity_units=worth)
        fields["budget_units"] *= draw(st.integers(0, 1))
    return fields


class MatchingMachine(RuleBasedStateMachine):
    """One symbol, three accounts, nine prices."""

    @initialize(
        rules=st.sampled_from(
            (
                *HOSTILE_INSTRUMENTS.values(),
                an_instrument("FREE", market_quantity_step_lots=3, max_iceberg_parts=100),
            )
        ),
        closed_limit=st.sampled_from((2, 100_000)),
    )
    def open_market(self, rules: Instrument, closed_limit: int) -> None:
        self.rules = rules
        self.now = NOON_MS
        self.both = LockStep({rules.symbol: rules}, closed_limit=closed_limit)

    def outer(self, **fields: Any) -> dict[str, Any]:
        return {"symbol": self.rules.symbol, "time_ms": self.now, **fields}

    def open_orders(self) -> list[Any]:
        return list(self.both.twin.order_rows(self.rules.symbol))

    def aim(self, number: int, by_client_id: bool) -> dict[str, Any]:
        """The outer fields of a command about one of the open orders."""
        orders = self.open_orders()
        if not orders:
            return self.outer(order_id=1)
        order = orders[number % len(orders)]
        fields = self.outer(account_id=order["account_id"], order_id=order["order_id"])
        if by_client_id:
            fields.update(order_id=0, original_client_order_id=order["client_order_id"])
        return fields

    @rule(data=st.data(), count=st.integers(1, 6))
    def place(self, data: st.DataObject, count: int) -> None:
        """Several at a time, or books would stay too thin for anything to happen."""
        for _ in range(count):
            fields = self.outer(account_id=data.draw(ACCOUNTS), **data.draw(terms(self.rules)))
            if data.draw(st.booleans()):
                fields["client_order_id"] = data.draw(CLIENT_ORDER_IDS)
            self.both.apply("PlaceOrder", a_place(**fields))

    @rule(data=st.data(), account_id=ACCOUNTS)
    def place_a_spoiled_order(self, data: st.DataObject, account_id: str) -> None:
        fields = data.draw(terms(self.rules))
        name = data.draw(st.sampled_from(sorted(fields)))
        if isinstance(fields[name], int):
            fields[name] = data.draw(st.sampled_from((-1, 0, 1, 2**31, 2**62, 2**63 - 1)))
        self.both.apply("PlaceOrder", a_place(**self.outer(account_id=account_id, **fields)))

    @rule(
        number=OPEN_ORDER,
        by_client_id=st.booleans(),
        restriction=st.sampled_from(("NONE", "NONE", "ONLY_NEW", "ONLY_PARTIALLY_FILLED")),
        own_id=st.sampled_from(("", "cancel")),
    )
    def cancel(
        self, number: int, by_client_id: bool, restriction: CancelRestriction, own_id: str
    ) -> None:
        aimed = self.aim(number, by_client_id)
        cancel = a_cancel(**aimed, restriction=restriction, client_order_id=own_id)
        self.both.apply("CancelOrder", cancel)

    @rule(
        data=st.data(),
        number=OPEN_ORDER,
        mode=st.sampled_from(("STOP_ON_FAILURE", "ALLOW_FAILURE")),
        restriction=st.sampled_from(("NONE", "ONLY_NEW")),
    )
    def cancel_and_replace(
        self, data: st.DataObject, number: int, mode: str, restriction: str
    ) -> None:
        aimed = self.aim(number, by_client_id=False)
        cancel = a_cancel(**aimed, restriction=restriction)
        place = a_place(**self.outer(**data.draw(terms(self.rules))))
        outer = self.outer(account_id=cancel["account_id"], mode=mode)
        self.both.apply("CancelReplaceOrder", a_cancel_replace(cancel, place, **outer))

    @rule(
        number=OPEN_ORDER,
        by_client_id=st.booleans(),
        steps=st.integers(-4, 2),
        from_executed=st.booleans(),
        new_id=st.one_of(st.just(""), CLIENT_ORDER_IDS),
    )
    def amend(
        self, number: int, by_client_id: bool, steps: int, from_executed: bool, new_id: str
    ) -> None:
        orders, quantity = self.open_orders(), 7
        if orders:
            order = orders[number % len(orders)]
            quantity = order["quantity_lots"]
            if from_executed:
                quantity = order["cumulative_quantity_lots"] + order["prevented_quantity_lots"]
        amend = an_amend(
            **self.aim(number, by_client_id),
            client_order_id=new_id,
            quantity_lots=quantity + steps * (self.rules.quantity_step_lots or 1),
        )
        self.both.apply("AmendOrder", amend)

    @rule(status=st.sampled_from((*SYMBOL_STATUSES, "TRADING", "TRADING")))
    def set_status(self, status: str) -> None:
        command = self.outer(command_id="status", account_id="venue", status=status)
        self.both.apply("SetSymbolStatus", command)

    @rule(milliseconds=st.sampled_from((1, 59_999, 60_000, 300_000, 86_399_999, 86_400_000)))
    def pass_time(self, milliseconds: int) -> None:
        self.now += milliseconds
        self.both.apply("Tick", {"time_ms": self.now})

    @rule()
    def fall_back_in_time(self) -> None:
        self.now -= 1_000

    @precondition(lambda self: self.open_orders())
    @rule(seed=st.integers(0, 9))
    def restart(self, seed: int) -> None:
        self.both.restart(Random(seed))

    @rule()
    def compare_states(self) -> None:
        self.both.check_states()

    def teardown(self) -> None:
        if hasattr(self, "both"):
            self.both.check_states()


MatchingMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestMatchingMachine = MatchingMachine.TestCase
