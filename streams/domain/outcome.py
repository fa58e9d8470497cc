"""What comes out of a market: events for topics, changes for tables."""

from dataclasses import dataclass

from schemas.records import ClosedOrderRow, DepthUpdate, ExecutionReport, SymbolRow, Trade
from streams.domain.order import Order


@dataclass(slots=True)
class Outcome:
    """What one command led to: reports in the order they arose, trades, at most one update."""

    reports: list[ExecutionReport]
    trades: list[Trade]
    depth: DepthUpdate | None


@dataclass(slots=True)
class Changes:
    """What tables must write: None where a row is gone, or where the symbol's is as it was."""

    orders: dict[int, Order | None]
    closed: dict[str, ClosedOrderRow | None]
    symbol_row: SymbolRow | None
