"""A recording of Binance's streams as a backtest's flow: the replay's, on the shared book."""

from collections.abc import Iterator
from typing import Any

from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from streams.domain.outcome import Outcome
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.house import House
from tradeflow.replay.order_flow import HOUSE, OrderFlow
from tradeflow.replay.recording import DepthSnapshot, FlowEvent


class RecordedFlow:
    """The house follows the recorded book, and trades as it was traded."""

    def __init__(self, instrument: Instrument, events: Iterator[FlowEvent]) -> None:
        self._instrument = instrument
        self._events = events
        self._flow: OrderFlow
        self._house: House

    def begin(self, exchange: Exchange, funds: Funds) -> None:
        """The exchange that the flow goes to."""
        self._house = House(exchange, self._instrument.symbol, funds)
        self._flow = OrderFlow(self._instrument, HOUSE, self._house)

    def moments(self) -> Iterator[tuple[int, Any]]:
        """Book changes and trades."""
        time_ms = 0
        waiting: list[FlowEvent] = []
        for event in self._events:
            if isinstance(event, DepthSnapshot):
                # It has no time of its own: that of the next event.
                waiting.append(event)
                continue
            time_ms = max(time_ms, event.time_ms)
            yield from ((time_ms, snapshot) for snapshot in waiting)
            waiting.clear()
            yield time_ms, event
        yield from ((time_ms, snapshot) for snapshot in waiting)

    def play(self, moment: Any) -> None:
        """Let the house do what the moment asks for."""
        for _command in self._flow.commands(moment):
            pass  # the house has given it to the exchange already

    def hear(self, outcome: Outcome) -> None:
        """What matching says."""
        self._house.hear(outcome)

    def hear_refusal(self, report: ExecutionReport) -> None:
        """What the orders stage refused."""
        self._house.refuse(report["command_id"], report["reject_reason"])

    def counts(self) -> dict[str, int]:
        """What the report says of the flow."""
        grid = self._flow.grid
        return {
            "commands": self._house.commands,
            "recorded trades": self._flow.trades,
            "trades before the snapshot": self._flow.early_trades,
            "commands refused": self._house.refused.total(),
            "quantities rounded down": grid.rounded_quantities,
            "levels between two ticks": grid.off_grid_prices,
        }
