"""The engine gives the twin's records, one by one, whatever it is told."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from schemas.enums import REJECT_REASONS, SELF_TRADE_PREVENTIONS
from schemas.records import ExecutionReport
from tests.properties.lock_step import LockStep
from tests.simulation.reference_exchange import ReferenceExchange
from tests.simulation.workload import HOSTILE, REALISTIC, Profile, Workload

SEEDS = int(os.environ.get("TRADEFLOW_TWIN_SEEDS", "20"))
COMMANDS = int(os.environ.get("TRADEFLOW_TWIN_COMMANDS", "1500"))
FIRST_SEED = int(os.environ.get("TRADEFLOW_TWIN_FIRST_SEED", "1"))

ROOT = Path(__file__).parents[2]


def run_in_lock_step(
    profile: Profile, *, seed: int, commands: int, closed_limit: int = 100_000
) -> None:
    """The engine is restarted from its tables now and then."""
    both = LockStep(profile.instruments, closed_limit=closed_limit)
    workload, rng = Workload(profile, seed), Random(seed)
    for number in range(1, commands + 1):
        kind, command = next(workload)
        reports, _, _ = both.apply(kind, command)
        workload.observe(reports)
        if number % 100 == 0 or kind == "Tick":
            both.check_states()
        if rng.random() < 0.01:
            both.restart(rng)
    both.check_states()


@pytest.mark.timeout(120 + COMMANDS // 20)
@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEEDS))
def test_hostile_commands(seed: int) -> None:
    # Every other run remembers so few closed orders that it forgets all the time.
    limit = 100_000 if seed % 2 else 20
    run_in_lock_step(HOSTILE, seed=seed, commands=COMMANDS, closed_limit=limit)


def test_realistic_commands() -> None:
    profile = replace(REALISTIC, fewest_open=20, accounts=20)
    run_in_lock_step(profile, seed=1, commands=COMMANDS)


def test_a_wide_range_of_prices_and_accounts_that_come_and_go() -> None:
    profile = replace(HOSTILE, spread_ticks=60, accounts=200, spoiled_share=0.02)
    run_in_lock_step(profile, seed=1, commands=COMMANDS, closed_limit=3)


def test_hostile_commands_bring_about_all_that_can_happen() -> None:
    """A comparison is worth as much as what it compares: the workload must reach every answer."""
    reports: list[ExecutionReport] = []
    for seed in range(1, 6):
        twin = ReferenceExchange(HOSTILE.instruments, closed_limit=50)
        workload = Workload(HOSTILE, seed)
        for kind, command in islice(workload, 1_500):
            told, _, _ = twin.apply(kind, command)
            workload.observe(told)
            reports += told

    reasons = Counter(report["reject_reason"] for report in reports)
    expiries = Counter(report["expiry_reason"] for report in reports)
    preventions = {
        (report["self_trade_prevention"], report["quote_quantity_units"] > 0)
        for report in reports
        if report["execution_type"] == "TRADE_PREVENTION" and report["is_working"]
    }
    own = REJECT_REASONS.index("COMMAND_ID_REUSED")  # from here on the orders stage's
    assert set(reasons) == {*REJECT_REASONS[:own], "ORDER_LIST_PRICES", "ORDER_LIST_REJECTED"}
    assert len(expiries) == 6
    assert {(mode, False) for mode in SELF_TRADE_PREVENTIONS} <= preventions
    assert {("DECREMENT", True), ("EXPIRE_TAKER", True), ("EXPIRE_BOTH", True)} <= preventions
    for order_type in ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"):
        of_type = [report for report in reports if report["order_type"] == order_type]
        assert {"TRIGGERED", "TRADE", "CANCELED"} <= {r["execution_type"] for r in of_type}


HASHES = """
from streams.domain.market import Market, unknown_symbol
from tests.simulation.workload import HOSTILE, Workload

markets = {symbol: Market(rules) for symbol, rules in HOSTILE.instruments.items()}
workload = Workload(HOSTILE, 7)
for _ in range(1000):
    kind, command = next(workload)
    for symbol, market in markets.items():
        if command.get("symbol", symbol) == symbol:
            workload.observe(market.apply(kind, command).as_records().reports)
print([market.state_hash() for market in markets.values()])
"""


def test_state_hash_does_not_depend_on_the_hash_seed() -> None:
    hashes = {
        subprocess.run(
            [sys.executable, "-c", HASHES],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for hash_seed in ("0", "1", "2026")
    }

    assert len(hashes) == 1
    assert hashes.pop().count(",") == len(HOSTILE.instruments) - 1
