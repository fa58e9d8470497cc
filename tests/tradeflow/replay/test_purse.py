"""Whether the house can always pay, held against wallets that say no where it cannot."""

from collections import Counter
from itertools import count
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.instruments import Instrument, assets_of
from schemas.records import PlaceOrder
from streams.domain.market import Market
from streams.domain.reservation import reservation
from streams.domain.settlement import settlement
from streams.domain.wallet import Wallet
from tests.simulation.instruments import an_instrument
from tests.tradeflow.replay.synthetic import SyntheticMarket, write_recording
from tradeflow.replay.order_flow import HOUSE, OrderFlow
from tradeflow.replay.purse import Purse
from tradeflow.replay.recorded_book import BookSide
from tradeflow.replay.recording import in_exchange_order, read_recording

_RULES = an_instrument(
    "LTCUSDT", tick_size="0.01", lot_size="0.001", maker_rate_ppm=20_000, taker_rate_ppm=30_000
)


class _House:
    """An engine and a wallet that pays for its orders; releases come when all is answered."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._market = Market(instrument)
        self._wallet = Wallet(assets_of({instrument.symbol: instrument}))
        self._late: list[tuple[str, Any]] = []
        self._numbers = count()
        self._ask("WalletOpenAccountCommand")

    def deposit(self, asset: str, units: int) -> None:
        self._ask("WalletDepositCommand", asset=asset, amount_units=units)

    def settle(self) -> None:
        for name, command in self._late:
            event = self._wallet.apply(name, command)
            assert event is not None
            assert event[0] != "WalletCommandRefusedEvent"
        self._late.clear()

    def carry_out(self, kind: str, command: dict[str, Any]) -> None:
        if kind == "PlaceOrder":
            asset, units = reservation(self._instrument, cast("PlaceOrder", command))
            hold = command["command_id"]
            self._ask(
                "WalletReserveFundsCommand",
                command_id=hold,
                symbol=command["symbol"],
                asset=asset,
                amount_units=units,
                requested_ms=1,
            )
            command = {**command, "hold_id": hold}
        for report in self._market.apply(kind, command).reports:
            told = settlement(self._instrument, report)
            if told is not None:
                self._late.append(told)

    def _ask(self, name: str, **fields: Any) -> None:
        command = {"command_id": f"h{next(self._numbers)}", "account_id": HOUSE, "time_ms": 1}
        event = self._wallet.apply(name, {**command, **fields})
        assert event is not None
        assert event[0] not in ("FundsReservationFailedEvent", "WalletCommandRefusedEvent"), event


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), steps=st.integers(3, 25), is_tight=st.booleans())
def test_the_house_can_pay_for_all_and_brings_money_in_seldom(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int, is_tight: bool
) -> None:
    """``is_tight``: with no more than is needed, so that a bound that is too low shows."""
    path = write_recording(
        tmp_path_factory.mktemp("recording") / "made.txt", SyntheticMarket(seed), steps
    )
    flow, purse, house = OrderFlow(_RULES, "r"), Purse(_RULES), _House(_RULES)
    held: Counter[str] = Counter()
    deposits = placed = 0

    for event in in_exchange_order(read_recording(path)):
        for kind, record in flow.commands(event):
            if kind == "PlaceOrder":
                order = cast("PlaceOrder", record)
                asset, placed = purse.spend(order), placed + 1
                units = purse.lacks(asset, flow.mirror.paid[asset])
                if units:
                    if not is_tight:
                        side: BookSide = "BUY" if order["side"] == "BUY" else "SELL"
                        levels = flow.recorded.levels(side)
                        units = purse.supply(asset, flow.mirror.paid[asset], levels)
                    purse.bring_in(asset, units)
                    house.deposit(asset, units)
                    deposits += 1
            elif placed:
                house.settle()
                purse.settle(held)
                placed = 0
            house.carry_out(kind, dict(record))
            held = Counter(flow.mirror.held)

    assert deposits >= 2
    assert is_tight or deposits <= 8


def test_money_for_the_recorded_book_comes_in_at_once() -> None:
    purse = Purse(_RULES)
    order: Any = {
        "side": "SELL",
        "order_type": "LIMIT",
        "quote_quantity_units": 0,
        "budget_units": 0,
        "reserved_price_ticks": 0,
        "quantity_lots": 3,
    }
    lot = _RULES.base_units_per_lot

    asset = purse.spend(order)
    assert asset == _RULES.base_asset
    assert purse.lacks(asset, 5) == 3 * lot + 5
    assert purse.supply(asset, 5, [(7, 10), (8, 20)]) == 2 * 30 * lot
    purse.bring_in(asset, 3 * lot + 5)
    assert purse.lacks(asset, 5) == 0
    purse.spend(order)
    assert purse.lacks(asset, 5) == 3 * lot
    purse.settle(Counter())
    assert purse.lacks(asset, 5) == 0
