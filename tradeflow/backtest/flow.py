"""Where a backtest's flow comes from: what every source can do."""

from collections.abc import Iterator
from typing import Any, Protocol

from schemas.records import ExecutionReport
from streams.domain.outcome import Outcome
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds


class Flow(Protocol):
    """Moments of a record, in its order, each of which leads to commands on the exchange."""

    def begin(self, exchange: Exchange, funds: Funds) -> None:
        """The exchange that the flow goes to."""

    def moments(self) -> Iterator[tuple[int, Any]]:
        """Each moment's time in ms, and what ``play`` takes."""

    def play(self, moment: Any) -> None:
        """Give the exchange the commands of a moment."""

    def hear(self, outcome: Outcome) -> None:
        """What matching says, whoever caused it."""

    def hear_refusal(self, report: ExecutionReport) -> None:
        """What the orders stage says itself."""

    def counts(self) -> dict[str, int]:
        """What the report says of the flow."""
