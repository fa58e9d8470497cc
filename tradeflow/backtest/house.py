"""The recorded flow's account on the backtest's exchange: it pays for its orders, as all do."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

from schemas.enums import RejectReason
from schemas.records import PlaceOrder
from streams.domain.outcome import Outcome
from streams.domain.reservation import reservation
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.replay.house_orders import REFUSALS, HouseOrders
from tradeflow.replay.order_flow import HOUSE

_TIMES = 2
"""How much more than is lacking comes in, so that it need not be done for every order."""


class House(HouseOrders):
    """What the house has on the exchange's book, beside the strategy's orders.

    It has as much money as its orders need: that comes in when it is needed, and is counted in
    ``funds``.
    """

    def __init__(self, exchange: Exchange, symbol: str, funds: Funds) -> None:
        super().__init__(exchange.markets[symbol], HOUSE)
        self._exchange = exchange
        self._funds = funds
        self._refusals: dict[str, RejectReason] = {}
        self.commands = 0
        """Commands that were given to the exchange."""
        self.refused: Counter[RejectReason] = Counter()
        """Those of them that it refused."""

    def apply(self, kind: str, command: Mapping[str, Any]) -> RejectReason:
        """Carry a command of the house out; the reason if it is refused, else NONE."""
        if kind == "PlaceOrder":
            self._pay(cast(PlaceOrder, command))
        self._refusals.clear()
        self.commands += 1
        self._exchange.command(kind, command)
        reason = self._refusals.get(command["command_id"], "NONE")
        if reason != "NONE":
            self.refused[reason] += 1
        return reason

    def hear(self, outcome: Outcome) -> None:
        """Note what matching says of the house's orders, whoever caused it."""
        self.trades += len(outcome.trades)
        for report in outcome.reports:
            if report.account_id != self._house:
                continue
            if report.execution_type in REFUSALS:
                self.refuse(report.command_id, report.reject_reason)
            else:
                self.follow(report)

    def refuse(self, command_id: str, reason: RejectReason) -> None:
        """A command was refused."""
        self._refusals[command_id] = reason

    def _pay(self, order: PlaceOrder) -> None:
        self._funds.open_account(HOUSE, order["time_ms"])
        asset, units = reservation(self._market.state.instrument, order)
        lacking = units - self._funds.available(HOUSE, asset)
        if lacking > 0:
            self._funds.bring_in(HOUSE, asset, _TIMES * lacking, order["time_ms"])
