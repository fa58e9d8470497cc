"""What comes out of a market: events for topics, changes for tables."""

from dataclasses import dataclass
from typing import NamedTuple

from schemas.records import DepthUpdate, ExecutionReport, SymbolRow, Trade
from streams.domain.account_orders import ClosedOrder
from streams.domain.events import DepthEvent, ReportEvent, TradeEvent
from streams.domain.order import Order


class Outcome:
    """What one command led to: reports in the order they arose, trades, at most one update."""

    # Not a dataclass: compiled, that would still be made by interpreted code.
    __slots__ = ("reports", "trades", "depth")

    def __init__(
        self, reports: list[ReportEvent], trades: list[TradeEvent], depth: DepthEvent | None
    ) -> None:
        self.reports = reports
        self.trades = trades
        self.depth = depth

    def as_records(self) -> "OutcomeRecords":
        """All of it as the topics' readers see it."""
        return OutcomeRecords(
            [report.as_record() for report in self.reports],
            [trade.as_record() for trade in self.trades],
            None if self.depth is None else self.depth.as_record(),
        )


class OutcomeRecords(NamedTuple):
    """An outcome's events as records."""

    reports: list[ExecutionReport]
    trades: list[Trade]
    depth: DepthUpdate | None


@dataclass(slots=True)
class Changes:
    """What tables must write: None where a row is gone, or where the symbol's is as it was."""

    orders: dict[int, Order | None]
    closed: dict[str, ClosedOrder | None]
    symbol_row: SymbolRow | None
