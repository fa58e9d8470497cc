"""PlaceOrderList: admit both legs or none, and let them wait for the market, each on its side."""

from schemas.enums import RejectReason
from schemas.records import PlaceOrder, PlaceOrderList
from streams.domain.admission import first_refusal
from streams.domain.closed_orders import open_account
from streams.domain.matching import execute
from streams.domain.order import Order
from streams.domain.order_kinds import STOP_KINDS, triggers_above
from streams.domain.order_list_end import pair
from streams.domain.placing import refuse_placement
from streams.domain.reports import report_order
from streams.domain.symbol_state import SymbolState


def both_legs(command: PlaceOrderList) -> tuple[PlaceOrder, PlaceOrder]:
    """The two inner orders, under the identity of the outer command."""
    first: PlaceOrder = {
        **command["first"],
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "symbol": command["symbol"],
        "time_ms": command["time_ms"],
    }
    second: PlaceOrder = {
        **command["second"],
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "symbol": command["symbol"],
        "time_ms": command["time_ms"],
    }
    return first, second


def place_order_list(state: SymbolState, command: PlaceOrderList) -> None:
    """Refuse both orders, or accept both."""
    first, second = both_legs(command)
    reasons = refusals_of_both(first_refusal(state, first), first_refusal(state, second))
    if reasons is None:
        reason = list_refusal(first, second)
        reasons = None if reason == "NONE" else (reason, reason)
    if reasons is not None:
        refuse_placement(state, first, reasons[0])
        refuse_placement(state, second, reasons[1])
        return
    legs = (_accept(state, first), _accept(state, second))
    pair(*legs)
    for leg in legs:
        leg.order_list_id = legs[0].order_id
        leg.is_plain = False
        report_order(state, leg, "NEW", "NEW")
    for leg in legs:
        if leg.is_working:
            # A maker's leg that meets nobody: it rests.
            execute(state, leg)
        else:
            state.book.wait(leg)


def refusals_of_both(
    first: RejectReason, second: RejectReason
) -> tuple[RejectReason, RejectReason] | None:
    """Why each leg is refused, where its own checks or the other's refuse one; else None."""
    if first != "NONE":
        return first, "ORDER_LIST_REJECTED"
    if second != "NONE":
        return "ORDER_LIST_REJECTED", second
    return None


def list_refusal(first: PlaceOrder, second: PlaceOrder) -> RejectReason:
    """Why two orders that are sound by themselves make no list; NONE where they do."""
    kinds = {first["order_type"], second["order_type"]}
    if (
        first["side"] != second["side"]
        or first["quantity_lots"] != second["quantity_lots"]
        or first["client_order_id"] == second["client_order_id"]
        or first["hold_id"] != second["hold_id"]
        or not kinds <= {"LIMIT_MAKER", *STOP_KINDS}
    ):
        return "UNSUPPORTED_ORDER_COMBINATION"
    above, below = (first, second) if _is_above(first) else (second, first)
    if not _is_above(above) or _is_above(below) or _price(above) <= _price(below):
        return "ORDER_LIST_PRICES"
    return "NONE"


def _is_above(leg: PlaceOrder) -> bool:
    """Whether a leg waits for higher prices."""
    if leg["order_type"] == "LIMIT_MAKER":
        return leg["side"] == "SELL"
    return triggers_above(leg["side"], leg["order_type"])


def _price(leg: PlaceOrder) -> int:
    return leg["price_ticks"] if leg["order_type"] == "LIMIT_MAKER" else leg["stop_price_ticks"]


def _accept(state: SymbolState, command: PlaceOrder) -> Order:
    order = Order(command, state.time_ms)
    account = state.accounts.get(order.account_id)
    if account is None:
        account = open_account(state.accounts, order.account_id)
    state.last_order_id = order.order_id = state.last_order_id + 1
    order.account = account
    account.client_ids[order.client_order_id] = order
    return order
