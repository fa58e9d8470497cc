"""PlaceOrder: admit, accept, match, and trigger the stops that its trades reached."""

from schemas.enums import RejectReason
from schemas.records import PlaceOrder
from streams.domain.admission import first_refusal
from streams.domain.closed_orders import open_account
from streams.domain.matching import execute
from streams.domain.order import Order
from streams.domain.reports import issue, refused_placement, report_order
from streams.domain.stops import trigger_stops
from streams.domain.symbol_state import SymbolState


def place_order(state: SymbolState, command: PlaceOrder) -> None:
    """Refuse the order, or accept and match it."""
    order = Order(command, state.time_ms)
    account = state.accounts.get(order.account_id)
    if not state.quick_admission.accepts(state, order, account):
        reason = first_refusal(state, command)
        if reason != "NONE":
            refuse_placement(state, command, reason)
            return
    if account is None:
        account = open_account(state.accounts, order.account_id)
    state.last_order_id = order.order_id = state.last_order_id + 1
    order.account = account
    account.client_ids[order.client_order_id] = order
    report_order(state, order, "NEW", "NEW")
    if not order.is_working:
        state.book.wait(order)
        return
    execute(state, order)
    if state.trades and state.book.stops:
        trigger_stops(state)


def refuse_placement(state: SymbolState, command: PlaceOrder, reason: RejectReason) -> None:
    """Answer that the order does not come in."""
    issue(state, refused_placement(command, reason))
