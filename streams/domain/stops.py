"""Triggering stops: a cascade, until no untriggered stop's condition holds for a traded price."""

from heapq import heappop, heappush

from streams.domain.matching import execute
from streams.domain.order import Order
from streams.domain.order_list_end import touch
from streams.domain.reports import report_order
from streams.domain.symbol_state import SymbolState


def trigger_stops(state: SymbolState) -> None:
    """Trigger what this command's trades reached, lowest order id first, and what follows."""
    reached: list[tuple[int, Order]] = []
    seen = 0
    while True:
        prices = [trade.price_ticks for trade in state.trades[seen:]]
        if prices:
            seen = len(state.trades)
            for order in state.book.stops.take_reached(
                low_ticks=min(prices), high_ticks=max(prices)
            ):
                heappush(reached, (order.order_id, order))
        if not reached:
            return
        order = heappop(reached)[1]
        # Its list's other leg may have traded meanwhile, and this one expired.
        if order.order_id in state.book.orders:
            _trigger(state, order)


def _trigger(state: SymbolState, order: Order) -> None:
    touch(state, order)
    state.book.forget(order)
    order.is_working = True
    order.working_time_ms = state.time_ms
    report_order(state, order, "TRIGGERED", "NEW")
    execute(state, order)
