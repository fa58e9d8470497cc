"""A wrong fee, side or amount is found where the engine and its re-run are wrong alike: I1."""

from collections.abc import Callable
from typing import Any

import pytest

import tests.tradeflow.checking.made_exchange as made
import tradeflow.checking.matching.rerun as rerun
from streams.domain.ledger import Ledger
from streams.domain.order import Order
from streams.domain.settlement import settlement
from tests.tradeflow.checking.made_exchange import made_exchange
from tests.tradeflow.checking.made_log import violated
from tests.tradeflow.checking.test_made_exchange import first_found

Change = Callable[[dict[str, Any]], dict[str, Any]]


def less(field: str) -> Change:
    return lambda told: {field: max(0, told[field] - 1)}


def other_asset(told: dict[str, Any]) -> dict[str, Any]:
    return {"received_asset": "USD" if told["received_asset"] != "USD" else "AAA"}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param(less("commission_units"), "commission_units is", id="fee"),
        pytest.param(less("paid_units"), "paid_units is", id="paid"),
        pytest.param(less("received_units"), "received_units is", id="received"),
        pytest.param(other_asset, "received_asset is", id="asset"),
        pytest.param(lambda told: {"side": "NONE"}, "side is NONE", id="side"),
    ],
)
def test_what_the_wallets_are_told(
    change: Change, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(instrument: Any, report: Any) -> Any:
        told = settlement(instrument, report)
        if told is None or told[0] != "WalletSettleFillCommand":
            return told
        return told[0], {**told[1], **change(dict(told[1]))}

    for module in (made, rerun):
        monkeypatch.setattr(module, "settlement", planted)
    audit = made_exchange().audit()
    assert "I1" in violated(audit.findings)
    assert any(text in found for _, found in first_found(audit))


def test_an_engine_that_charges_makers_as_takers(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(instrument: Any, report: Any) -> Any:
        told = settlement(instrument, report)
        if told is None or told[0] != "WalletSettleFillCommand":
            return told
        fill: dict[str, Any] = dict(told[1])
        rate = fill["commission_rate_ppm"] + 1_000 * (fill["role"] == "MAKER")
        units = fill["received_units"] * rate // 1_000_000
        return told[0], {**fill, "commission_rate_ppm": rate, "commission_units": units}

    for module in (made, rerun):
        monkeypatch.setattr(module, "settlement", planted)
    audit = made_exchange().audit()
    assert violated(audit.findings) == {"I1"}
    assert any("commission_rate_ppm is" in found for _, found in first_found(audit))


def test_an_engine_that_charges_more_than_the_order_came_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In its reports as in what it tells the wallets, and in the re-run too."""
    honest = Order.__init__

    def planted(self: Order, *terms: Any, **more: Any) -> None:
        honest(self, *terms, **more)
        self.maker_rate_ppm += 500

    monkeypatch.setattr(Order, "__init__", planted)
    audit = made_exchange().audit()
    assert "I1" in violated(audit.findings)
    assert any("commission_rate_ppm is" in found for _, found in first_found(audit))


@pytest.mark.parametrize("name", ["pay", "receive", "charge"])
def test_what_a_wallet_makes_of_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit less is moved than the fill says, in the re-run too."""
    honest = getattr(Ledger, name)

    def planted(self: Any, account: Any, asset: str, units: int, *about: Any) -> None:
        honest(self, account, asset, units - 1 if units > 1 else units, *about)

    monkeypatch.setattr(Ledger, name, planted)
    audit = made_exchange().audit()
    assert "I1" in violated(audit.findings)
    assert any("the fill says that" in found for _, found in first_found(audit))
