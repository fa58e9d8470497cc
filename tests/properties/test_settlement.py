"""Money follows matching: a hold is what its order still needs, after every command."""

import os
from dataclasses import replace

import pytest

from schemas.instruments import Instrument
from schemas.records import OrderRow
from streams.domain.ledger import CLEARING, FEES
from streams.domain.ledger_invariants import check_ledger
from tests.properties.paid_exchange import PaidExchange
from tests.simulation.profiles import HOSTILE, REALISTIC, Profile
from tests.simulation.workload import Workload

SEEDS = int(os.environ.get("TRADEFLOW_TWIN_SEEDS", "20"))
COMMANDS = int(os.environ.get("TRADEFLOW_TWIN_COMMANDS", "1500"))


def needed(rules: Instrument, order: OrderRow) -> int:
    """What an open order needs, said once more and plainly."""
    left = order["quantity_lots"] - order["cumulative_quantity_lots"]
    left -= order["prevented_quantity_lots"]
    if order["side"] == "SELL":
        return left * rules.base_units_per_lot
    if order["order_type"] in ("STOP_LOSS", "TAKE_PROFIT"):
        return order["budget_units"]
    return left * order["reserved_price_ticks"] * rules.quote_units_per_tick_lot


def run(profile: Profile, seed: int, commands: int) -> PaidExchange:
    workload = Workload(profile, seed)
    exchange = PaidExchange(
        profile.instruments, [f"account-{number}" for number in range(profile.accounts)]
    )
    for number in range(commands):
        kind, command = next(workload)
        if kind == "Tick" or command["symbol"] not in profile.instruments:
            continue
        workload.observe(exchange.apply(kind, command))

        assert exchange.refused == []
        expected = {
            hold_id: max(needed(profile.instruments[order["symbol"]], order) for order in orders)
            for hold_id, orders in exchange.open_orders().items()
        }
        assert exchange.left_in_holds() == expected, (number, kind, command)
        if number % 50 == 0:
            assert check_ledger(exchange.wallet.state) == []
    return exchange


def assert_all_is_settled(exchange: PaidExchange) -> None:
    """Nothing in transit, and the fees are the commissions of the reports."""
    for symbol in exchange.instruments:
        assert exchange.own_units(f"{CLEARING}{symbol}") == {}
    assert exchange.own_units(FEES) == {
        asset: units for asset, units in exchange.commission.items() if units
    }


@pytest.mark.parametrize("seed", range(SEEDS))
def test_hostile_orders(seed: int) -> None:
    assert_all_is_settled(run(HOSTILE, seed, COMMANDS))


def test_realistic_orders() -> None:
    exchange = run(replace(REALISTIC, fewest_open=20, accounts=20), 1, COMMANDS)

    assert_all_is_settled(exchange)
    assert len(exchange.open_orders()) > 10
    assert exchange.commission
