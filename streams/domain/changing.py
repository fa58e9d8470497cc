"""Commands on orders that are there: CancelOrder, CancelReplaceOrder, AmendOrder."""

from collections.abc import Callable
from typing import Final

from schemas.enums import RejectReason
from schemas.records import AmendOrder, CancelOrder, CancelReplaceOrder, PlaceOrder
from streams.domain.account_orders import ClosedOrder
from streams.domain.admission import is_lot_size_wrong, is_notional_outside
from streams.domain.order import Order
from streams.domain.order_kinds import LIMIT_KINDS
from streams.domain.order_list_end import cancel_other
from streams.domain.placing import place_order, refuse_placement
from streams.domain.reports import issue, refused_change, report_order
from streams.domain.symbol_state import SymbolState


def cancel_order(state: SymbolState, command: CancelOrder) -> bool:
    """Cancel an open order; False where that was refused."""
    order = _find(state, command)
    if order is not None and command["hold_id"] not in ("", order.hold_id):
        order = None
    if state.status == "HALT" or order is None:
        reason: RejectReason = "SYMBOL_HALTED" if state.status == "HALT" else "UNKNOWN_ORDER"
        issue(state, refused_change(command, "CANCEL_REJECTED", reason))
        return False
    if command["restriction"] != "NONE" and _is_restricted(order, command):
        report = report_order(state, order, "CANCEL_REJECTED", order.open_status)
        report.reject_reason = "CANCEL_RESTRICTED"
        return False
    cancel_other(state, order, command["client_order_id"])
    state.book.remove(order)
    state.close(order)
    report = report_order(state, order, "CANCELED", "CANCELED")
    report.client_order_id = command["client_order_id"] or order.client_order_id
    report.original_client_order_id = order.client_order_id
    return True


def cancel_replace_order(state: SymbolState, command: CancelReplaceOrder) -> None:
    """Cancel one order and place another."""
    cancel, place = both_halves(command)
    if cancel_order(state, cancel) or command["mode"] == "ALLOW_FAILURE":
        place_order(state, place)
    else:
        refuse_placement(state, place, "CANCEL_REPLACE_STOPPED")


def both_halves(command: CancelReplaceOrder) -> tuple[CancelOrder, PlaceOrder]:
    """The two inner commands, under the identity of the outer one."""
    cancel: CancelOrder = {
        **command["cancel"],
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "symbol": command["symbol"],
        "time_ms": command["time_ms"],
    }
    place: PlaceOrder = {
        **command["place"],
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "symbol": command["symbol"],
        "time_ms": command["time_ms"],
    }
    return cancel, place


def amend_order(state: SymbolState, command: AmendOrder) -> None:
    """Reduce an order's quantity in place; it keeps its priority."""
    order = _find(state, command)
    if order is None or state.status != "TRADING" or command["quantity_lots"] <= 0:
        reason = _early_amend_refusal(state, command)
        issue(state, refused_change(command, "AMEND_REJECTED", reason))
        return
    for reason, is_refused in AMEND_CHECKS:
        if is_refused(state, order, command):
            report = report_order(state, order, "AMEND_REJECTED", order.open_status)
            report.reject_reason = reason
            return
    old_client_order_id = order.client_order_id
    new_client_order_id = command["client_order_id"] or old_client_order_id
    order.leaves_lots -= order.quantity_lots - command["quantity_lots"]
    order.quantity_lots = command["quantity_lots"]
    state.book.show_less(order, min(order.visible_lots, order.leaves_lots))
    if new_client_order_id != old_client_order_id:
        account = order.account
        order.client_order_id = new_client_order_id
        account.client_ids[new_client_order_id] = order
        state.closed.remember(
            ClosedOrder(state.symbol, order.order_id, account, old_client_order_id, state.time_ms)
        )
    report = report_order(state, order, "REPLACED", order.open_status)
    report.original_client_order_id = old_client_order_id


def _find(state: SymbolState, command: CancelOrder | AmendOrder) -> Order | None:
    """The open order that a command names, if it is the account's own."""
    account_id = command["account_id"]
    client_order_id = command["original_client_order_id"]
    if not command["order_id"]:
        account = state.accounts.get(account_id)
        holder = None if account is None else account.client_ids.get(client_order_id)
        return holder if isinstance(holder, Order) else None
    order = state.book.orders.get(command["order_id"])
    if (
        order is None
        or order.account_id != account_id
        or (client_order_id and order.client_order_id != client_order_id)
    ):
        return None
    return order


def _is_restricted(order: Order, command: CancelOrder) -> bool:
    is_executed = order.cumulative_quantity_lots > 0
    return is_executed == (command["restriction"] == "ONLY_NEW")


def _early_amend_refusal(state: SymbolState, command: AmendOrder) -> RejectReason:
    if state.status == "HALT":
        return "SYMBOL_HALTED"
    if state.status == "CANCEL_ONLY":
        return "SYMBOL_CANCEL_ONLY"
    if command["quantity_lots"] <= 0:
        return "QUANTITY_NOT_POSITIVE"
    return "UNKNOWN_ORDER"


def _is_in_a_list(state: SymbolState, order: Order, command: AmendOrder) -> bool:
    # Its hold is the other leg's too, and would have to follow both.
    return order.sibling is not None


def _is_off_lot_size(state: SymbolState, order: Order, command: AmendOrder) -> bool:
    return is_lot_size_wrong(state.instrument, command["quantity_lots"])


def _is_not_a_reduction(state: SymbolState, order: Order, command: AmendOrder) -> bool:
    return command["quantity_lots"] >= order.quantity_lots


def _is_below_executed(state: SymbolState, order: Order, command: AmendOrder) -> bool:
    gone = order.cumulative_quantity_lots + order.prevented_quantity_lots
    return command["quantity_lots"] <= gone


def _is_new_client_id_used(state: SymbolState, order: Order, command: AmendOrder) -> bool:
    new = command["client_order_id"]
    return new not in ("", order.client_order_id) and state.is_client_id_used(order.account_id, new)


def _is_off_notional(state: SymbolState, order: Order, command: AmendOrder) -> bool:
    amount = order.price_ticks * command["quantity_lots"] * state.quote_units_per_tick_lot
    return order.order_type in LIMIT_KINDS and is_notional_outside(state.instrument, amount)


AMEND_CHECKS: Final[
    tuple[tuple[RejectReason, Callable[[SymbolState, Order, AmendOrder], bool]], ...]
] = (
    ("UNSUPPORTED_ORDER_COMBINATION", _is_in_a_list),
    ("LOT_SIZE", _is_off_lot_size),
    ("AMEND_NOT_A_REDUCTION", _is_not_a_reduction),
    ("AMEND_BELOW_EXECUTED", _is_below_executed),
    ("DUPLICATE_CLIENT_ORDER_ID", _is_new_client_id_used),
    ("NOTIONAL", _is_off_notional),
)
