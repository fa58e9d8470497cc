"""What the exchange's book will be: the same matching engine, run beside the commands.

The engine is a pure function of its commands, so the mirror is exact as long as nobody else trades
the symbol.  It also says beforehand what the exchange would refuse.
"""

from collections.abc import Mapping
from typing import Any

from schemas.enums import RejectReason
from schemas.instruments import Instrument
from streams.domain.market import Market
from tradeflow.replay.house_orders import REFUSALS, HouseOrders

_FORGET_EVERY = 1_000


class HouseMirror(HouseOrders):
    """The house account's resting orders on a market of their own."""

    def __init__(self, instrument: Instrument, house: str) -> None:
        super().__init__(Market(instrument), house)
        self._applied = 0

    def apply(self, kind: str, command: Mapping[str, Any]) -> RejectReason:
        """Carry a command out; the reason if the exchange will refuse it, else NONE."""
        outcome = self._market.apply(kind, command)
        self._applied += 1
        if self._applied % _FORGET_EVERY == 0:
            # No table is written here; what piles up for one is let go.
            self._market.take_changes()
        self.trades += len(outcome.trades)
        if outcome.depth is not None:
            self.last_change_id = command["command_id"]
        for report in outcome.reports:
            if report.execution_type in REFUSALS:
                return report.reject_reason
            if report.account_id == self._house:
                self.follow(report)
        return "NONE"
