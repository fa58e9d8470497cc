"""I1, of fills: what the wallets are told of a fill is what it costs and brings, fee and all.

Reckoned from the trade and from the rates that its order came with: running the log again says the
same twice where the engine itself is wrong.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from streams.domain.order_status import CLOSED_STATUSES
from tradeflow.checking.answered import Answered
from tradeflow.checking.findings import Findings
from tradeflow.checking.matching.outputs import SETTLEMENTS
from tradeflow.checking.placed_orders import orders_in

_MILLION = 1_000_000
_SETTLE = "WalletSettleFillCommand"


class FillMoney:
    """The rates of open orders, by ``account hold``: maker's and taker's."""

    def __init__(self, findings: Findings, instruments: Mapping[str, Instrument]) -> None:
        self._findings = findings
        self._instruments = instruments
        self._rates: dict[str, list[int]] = {}

    def complete(self, answered: Answered, reports: Sequence[ExecutionReport]) -> None:
        """Look at what a command's fills move; ``reports`` are its own, as they arose."""
        told = {
            (
                f"{each.value['account_id']} {each.value['hold_id']}",
                each.value["execution_id"],
            ): each
            for each in answered.outputs(SETTLEMENTS)
            if each.name == _SETTLE
        }
        for report in reports:
            if not report["hold_id"]:
                continue
            key = f"{report['account_id']} {report['hold_id']}"
            if report["execution_type"] == "NEW":
                # Both legs of a list have the same rates: their instrument's.
                order = orders_in(answered.command)[0]
                if "maker_rate_ppm" in order:
                    self._rates[key] = [order["maker_rate_ppm"], order["taker_rate_ppm"]]
            settled = told.get((key, report["execution_id"]))
            instrument = self._instruments.get(report["symbol"])
            if settled is not None and instrument is not None:
                text = first_fault(self._due(instrument, key, report), settled.value)
                if text:
                    self._findings.violated(settled.position, f"hold {key!r}: {text}")
            is_last = report["expiry_reason"] != "OCO_TRIGGER"
            if report["order_status"] in CLOSED_STATUSES and is_last:
                self._rates.pop(key, None)

    def _due(self, instrument: Instrument, key: str, fill: ExecutionReport) -> dict[str, Any]:
        """What the fill is to move, in minor units."""
        lots = fill["last_quantity_lots"]
        base = lots * instrument.base_units_per_lot
        quote = lots * fill["last_price_ticks"] * instrument.quote_units_per_tick_lot
        is_buy = fill["side"] == "BUY"
        received = base if is_buy else quote
        is_taker = fill["role"] == "TAKER"
        # Of an order that was accepted before the first check had this, its report is all there is.
        rate = self._rates.get(key, [fill["commission_rate_ppm"]] * 2)[is_taker]
        return {
            "trade_id": fill["trade_id"],
            "side": fill["side"],
            "paid_units": quote if is_buy else base,
            "received_asset": instrument.base_asset if is_buy else instrument.quote_asset,
            "received_units": received,
            "commission_rate_ppm": rate,
            "commission_units": received * rate // _MILLION,
        }

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return dict(self._rates)

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._rates = dict(state)


def first_fault(due: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """The first thing that is told otherwise than it is due; nothing where all is well."""
    for name, value in due.items():
        if told[name] != value:
            return f"{name} is {told[name]}, and {value} is due"
    return ""
