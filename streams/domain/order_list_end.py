"""One cancels the other: the end of a leg whose other leg has traded, triggered or been cancelled.

Its hold goes on with the other one, so nothing is settled by its report (``settlement.py``).
"""

from streams.domain.order import Order
from streams.domain.reports import report_order
from streams.domain.symbol_state import SymbolState


def touch(state: SymbolState, order: Order) -> None:
    """The order is about to trade or to work: the other leg of its list expires first."""
    other = _leave(state, order)
    if other is not None:
        report_order(state, other, "EXPIRED", "EXPIRED").expiry_reason = "OCO_TRIGGER"


def cancel_other(state: SymbolState, order: Order, cancel_id: str) -> None:
    """The order is about to be cancelled: the other leg of its list is, before it."""
    other = _leave(state, order)
    if other is not None:
        report = report_order(state, other, "CANCELED", "CANCELED")
        report.client_order_id = cancel_id or other.client_order_id
        report.original_client_order_id = other.client_order_id
        report.expiry_reason = "OCO_TRIGGER"


def pair(first: Order, second: Order) -> None:
    """Make two open orders the legs of one list."""
    first.sibling, second.sibling = second, first


def _leave(state: SymbolState, order: Order) -> Order | None:
    """Take the other leg, if it is open, out of the book."""
    other = order.sibling
    if other is None:
        return None
    order.sibling = other.sibling = None
    state.book.remove(other)
    state.close(other)
    return other
