"""Differences and defects that the comparison brought to light, each in its smallest form."""

from tests.properties.lock_step import LockStep
from tests.simulation.builders import a_market_order, a_place
from tests.simulation.instruments import PLAIN


def test_a_small_budget_does_not_cut_a_self_trade_into_endless_steps() -> None:
    """Each step was bounded by what the budget pays for, here one lot of 1_000."""
    both = LockStep({"PLAIN": PLAIN})
    both.apply("PlaceOrder", a_place(side="SELL", quantity_lots=1_000))

    reports, _, _ = both.apply(
        "PlaceOrder",
        a_market_order(quantity_lots=1_000, budget_units=100, self_trade_prevention="DECREMENT"),
    )

    assert [report["prevented_quantity_lots"] for report in reports] == [0, 1_000, 1_000]
    both.check_states()
