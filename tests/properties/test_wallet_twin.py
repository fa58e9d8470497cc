"""The fast wallet and the slow one: equal events, and books that balance after every command."""

import os
import random
from typing import Any, get_args

import pytest

from schemas.enums import WalletRefusal
from streams.domain.ledger_invariants import check_ledger
from streams.domain.wallet import Wallet
from tests.simulation.reference_wallet import ReferenceWallet
from tests.simulation.wallet_workload import ASSETS, WalletWorkload

SEEDS = int(os.environ.get("TRADEFLOW_TWIN_SEEDS", "20"))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_both_wallets_give_the_same_events(seed: int) -> None:
    wallet, twin = Wallet(ASSETS), ReferenceWallet(ASSETS)
    rows: dict[str, Any] = {}
    rng = random.Random(-seed)
    for name, command in WalletWorkload(seed).commands(250):
        event = wallet.apply(name, command)

        assert event == twin.apply(name, command), (name, command)
        assert check_ledger(wallet.state) == []
        if rng.random() < 0.1:
            wallet = _through_a_table(wallet, rows)


def test_the_workload_meets_every_answer() -> None:
    events, reasons = set(), set()
    for seed in range(20):
        wallet = Wallet(ASSETS)
        for name, command in WalletWorkload(seed).commands(250):
            event = wallet.apply(name, command)
            if event is not None:
                events.add((event[0], event[1]["is_repeat"]))
                reasons.add(event[1].get("reason", "NONE"))

    assert reasons == set(get_args(WalletRefusal))
    kinds = {event for event, _ in events}
    assert len(kinds) == 8
    assert events == {(kind, is_repeat) for kind in kinds for is_repeat in (False, True)}


def _through_a_table(wallet: Wallet, rows: dict[str, Any]) -> Wallet:
    """The wallet as its table's rows bring it back."""
    for key, row in wallet.take_changes().items():
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = dict(row)
    restored = Wallet.restore(ASSETS, {key: dict(row) for key, row in rows.items()})
    assert restored.state_hash() == wallet.state_hash()
    assert check_ledger(restored.state) == []
    return restored
