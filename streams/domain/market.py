"""A market: one symbol's matching engine, commands in and outcomes out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from schemas.instruments import Instrument
from schemas.records import SetSymbolStatus, SymbolRow
from streams.domain.account_orders import ClosedOrder
from streams.domain.changing import amend_order, cancel_order, cancel_replace_order
from streams.domain.depth import depth_update, visible_levels
from streams.domain.events import Levels, ReportEvent, TradeEvent
from streams.domain.order import Order
from streams.domain.order_list import place_order_list
from streams.domain.outcome import Changes, Outcome
from streams.domain.placing import place_order
from streams.domain.reports import issue, status_report
from streams.domain.state_hash import state_hash
from streams.domain.symbol_state import SymbolState
from streams.domain.unknown_symbol import unknown_symbol

__all__ = ["CLOSED_LIMIT", "Changes", "Market", "Outcome", "unknown_symbol"]

CLOSED_LIMIT = 100_000
"""How many client order ids of closed orders a symbol remembers."""


class Market:
    """The matching engine of one symbol; ``state`` is for reading."""

    __slots__ = ("state", "_is_row_changed")

    def __init__(self, instrument: Instrument, *, closed_limit: int = CLOSED_LIMIT) -> None:
        self.state = SymbolState(instrument, closed_limit=closed_limit)
        self._is_row_changed = False

    @classmethod
    def restore(
        cls,
        instrument: Instrument,
        symbol_row: SymbolRow | None,
        orders: Iterable[Order],
        closed: Iterable[ClosedOrder],
        *,
        closed_limit: int = CLOSED_LIMIT,
    ) -> "Market":
        """The market whose state tables kept; it owns ``orders`` and ``closed`` from now on."""
        market = cls(instrument, closed_limit=closed_limit)
        market.state.load(symbol_row, orders, closed)
        return market

    def apply(self, kind: str, command: Mapping[str, Any]) -> Outcome:
        """Carry out a command; ``kind`` is the name of its record."""
        state = self.state
        time_ms: int = command["time_ms"]
        if time_ms > state.time_ms:
            state.time_ms = time_ms
            state.closed.forget_before(time_ms)
            self._is_row_changed = True
        if kind == "Tick":
            return Outcome([], [], None)
        self._is_row_changed = True
        state.command_id = command["command_id"]
        reports: list[ReportEvent] = []
        trades: list[TradeEvent] = []
        state.reports = reports
        state.trades = trades
        _HANDLERS[kind](state, command)
        return Outcome(reports, trades, depth_update(state))

    def take_changes(self) -> Changes:
        """What changed since the last call; what is in it is live."""
        symbol_row = self.state.row() if self._is_row_changed else None
        self._is_row_changed = False
        return Changes(
            orders=self.state.book.take_changed(),
            closed=self.state.closed.take_changed(),
            symbol_row=symbol_row,
        )

    def symbol_row(self) -> SymbolRow:
        """The row of the symbol as it stands."""
        return self.state.row()

    def depth(self, limit: int | None = None) -> tuple[Levels, Levels]:
        """Bids and asks as (price ticks, visible lots), best first."""
        book = self.state.book
        return visible_levels(book.bids, limit), visible_levels(book.asks, limit)

    def state_hash(self) -> str:
        """A digest of all rows: markets with equal digests go on alike."""
        orders = (order.to_row() for order in self.state.book.orders.values())
        return state_hash(self.state.row(), orders, self.state.closed.rows())


def _set_status(state: SymbolState, command: SetSymbolStatus) -> None:
    state.status = command["status"]
    issue(state, status_report(command))


_HANDLERS: Final[dict[str, Callable[[SymbolState, Any], object]]] = {
    "PlaceOrder": place_order,
    "CancelOrder": cancel_order,
    "CancelReplaceOrder": cancel_replace_order,
    "PlaceOrderList": place_order_list,
    "AmendOrder": amend_order,
    "SetSymbolStatus": _set_status,
}
