"""The placement saga, step by step: reserve, submit, and what is done where a step fails."""

from collections import deque
from collections.abc import Mapping
from typing import Any, cast

from schemas.codec import decode, encode
from schemas.enums import RejectReason
from schemas.records import CancelOrder, CancelReplaceOrder, PlaceOrder
from streams.domain.admission import refusal_in_any_market
from streams.domain.changing import both_halves
from streams.domain.order_answers import Sent, placed_order, refusals, status_of
from streams.domain.orders_state import OrdersState
from streams.domain.reservation import reservation
from streams.domain.saga import WAITING_MAX, Saga

SECOND = "~2"
"""Behind a saga's id: its second reservation."""

RELEASE = "~r"
"""Behind a hold's id: the command that gives it back."""

OWN_CANCEL = "~c"
"""Behind a saga's id: the cancel of a replacement that frees the money for it."""

AFTER_TIME = "~x"
"""Behind a saga's id: the cancel that stands behind an order which matching does not answer."""


def place(state: OrdersState, name: str, command: Mapping[str, Any], data: bytes) -> list[Sent]:
    """Begin a saga for a PlaceOrder or CancelReplaceOrder, or say why not."""
    symbol = command["symbol"]
    rules = state.rules.get(symbol)
    if rules is None:
        return refusals(name, command, "UNKNOWN_SYMBOL")
    key = f"{command['account_id']} {command['command_id']}"
    known = state.sagas.get(key)
    if known is not None and _is_same(data, name, command, known.payload):
        return [status_of(known, command)]
    if known is not None or key in state.commands:
        return refusals(name, command, "COMMAND_ID_REUSED")
    order = _paid_order(state, name, command, command["command_id"])
    reason = refusal_in_any_market(rules, order)
    if reason != "NONE":
        return refusals(name, command, reason)
    holder = state.find(command["account_id"], symbol, 0, order["client_order_id"])
    if holder is not None:
        return refusals(name, command, "DUPLICATE_CLIENT_ORDER_ID", holder.order_id)
    saga = Saga(
        command["command_id"],
        command["account_id"],
        symbol,
        order["client_order_id"],
        state.commands_ms,
        data,
    )
    state.add(saga)
    return [_reserve(state, saga, order)]


def is_repeat(data: bytes, name: str, command: Mapping[str, Any]) -> bool:
    """Whether an encoded command says the same, but for its time."""
    before, content = decode(data)
    return before == name and {**content, "time_ms": 0} == {**command, "time_ms": 0}


def _is_same(data: bytes, name: str, command: Mapping[str, Any], payload: bytes) -> bool:
    return data == payload or is_repeat(payload, name, command)


def funds_reserved(state: OrdersState, saga: Saga) -> list[Sent]:
    """Submit the order that its reservation came for; give back what came too late."""
    if saga.state == "FAILED":
        return [_release(state, saga)]
    if saga.state == "STARTED" and saga.symbol not in state.rules:
        return _end_of_unknown(state, saga)
    if not saga.happens("FUNDS_RESERVED"):
        return []
    saga.step("FundsReservedEvent", state.now_ms)
    name, command = decode(saga.payload)
    if name == "CancelReplaceOrder" and saga.hold_id == saga.saga_id:
        old = _awaited_first(state, saga, command["cancel"])
        if old is not None:
            old.waiting.append(saga.payload)
            state.change(old)
            state.change(saga)
            return []
    return _submit(state, saga)


def _submit(state: OrdersState, saga: Saga) -> list[Sent]:
    """Send the order to matching, and behind it what waits for it."""
    return [_order_of(state, saga), *_let_go(state, saga)]


def _order_of(state: OrdersState, saga: Saga) -> Sent:
    """The order of a saga that is submitted with it."""
    name, command = decode(saga.payload)
    if name == "CancelReplaceOrder" and saga.hold_id == saga.saga_id:
        half = _paid_order(state, name, command, saga.hold_id)
        sent = Sent("matching", name, {**command, "place": half})
    else:
        # What is decoded already is not decoded again: this is done for every order.
        sent = Sent("matching", "PlaceOrder", _paid_order(state, name, command, saga.hold_id))
        name = "PlaceOrder"
    saga.happens("SUBMITTED")
    saga.step(name, state.now_ms)
    _await_answer(state, saga, state.submitted)
    state.change(saga)
    return sent


def _let_go(state: OrdersState, saga: Saga) -> list[Sent]:
    """What has waited for an order that is submitted, or is not to be, and what waits for that.

    In a loop: replacements that wait for one another may be as many as a client sends.
    """
    sent: list[Sent] = []
    waiting = _take_waiting(state, saga)
    while waiting:
        first, data = waiting.pop()
        name, command = decode(data)
        if name == "CancelReplaceOrder":
            second = state.sagas.get(f"{first.account_id} {command['command_id']}")
            if second is None or second.state != "FUNDS_RESERVED":
                continue
            if second.symbol in state.rules:
                sent.append(_order_of(state, second))
            else:
                sent += _refusal_of_unknown(state, second)
            waiting += _take_waiting(state, second)
        elif first.state == "FAILED" and not command["command_id"].endswith(OWN_CANCEL):
            sent += refusals(name, command, "UNKNOWN_ORDER")
        else:
            # Matching refuses the own cancel of what waited for an order that is not to be; what
            # comes of the replacement then is its saga's matter.
            sent.append(Sent("matching", name, command))
    return sent


def _take_waiting(state: OrdersState, saga: Saga) -> list[tuple[Saga, bytes]]:
    """The commands in a saga's row, last first, each with the saga; the row has none then."""
    waiting = [(saga, data) for data in reversed(saga.waiting)]
    if waiting:
        saga.waiting = []
        state.change(saga)
    return waiting


def _awaited_first(state: OrdersState, saga: Saga, cancel: CancelOrder) -> Saga | None:
    """The order that a replacement cancels, where that came before it and is yet to be submitted.

    It can only be a replacement that waits, for its own cancel or for another one's: all others
    that came before were paid for before, and so they were submitted before.  One whose reservation
    was not answered yet came later: waiting for it, two could wait for each other.
    """
    named = (cancel["order_id"], cancel["original_client_order_id"])
    old = state.find(saga.account_id, saga.symbol, *named)
    if old is None or old is saga or not old.is_ahead or len(old.waiting) >= WAITING_MAX:
        return None
    return None if old.state == "STARTED" and old.hold_id == old.saga_id else old


def reservation_failed(state: OrdersState, saga: Saga, reason: RejectReason) -> list[Sent]:
    """End the saga, or let a replacement's cancel free the money first."""
    if saga.state != "STARTED":
        return []
    saga.step("FundsReservationFailedEvent", state.now_ms)
    name, command = decode(saga.payload)
    is_first = saga.hold_id == saga.saga_id
    if name == "CancelReplaceOrder" and reason == "INSUFFICIENT_BALANCE" and is_first:
        cancel, _ = both_halves(cast(CancelReplaceOrder, command))
        saga.hold_id = ""
        saga.step("CancelOrder", state.now_ms)
        _await_answer(state, saga, state.submitted)
        state.change(saga)
        own: dict[str, Any] = {**cancel, "command_id": saga.saga_id + OWN_CANCEL}
        old = _awaited_first(state, saga, cancel)
        if old is None:
            return [Sent("matching", "CancelOrder", own)]
        old.waiting.append(encode("CancelOrder", own))
        state.change(old)
        return []
    saga.happens("FUNDS_REFUSED")
    return _end(state, saga, reason)


def cancel_answered(state: OrdersState, saga: Saga, *, is_done: bool) -> list[Sent]:
    """The cancel of a replacement that could not be paid for was answered: reserve again, or not.

    The wallet has the release already: matching wrote it together with this answer.
    """
    if saga.state != "STARTED" or saga.hold_id:
        return []
    if is_done and saga.symbol not in state.rules:
        return _end_of_unknown(state, saga)
    if is_done:
        order = _paid_order(state, "PlaceOrder", placed_order(saga), saga.saga_id + SECOND)
        _await_answer(state, saga, state.reserving_again)
        return [_reserve(state, saga, order)]
    saga.happens("FUNDS_REFUSED")
    _, command = decode(saga.payload)
    stops = command["mode"] == "STOP_ON_FAILURE"
    return _end(state, saga, "CANCEL_REPLACE_STOPPED" if stops else "INSUFFICIENT_BALANCE")


def reservation_timed_out(state: OrdersState, saga: Saga) -> list[Sent]:
    """The wallet's clock has passed the reservation by, and there is no answer."""
    if saga.hold_id != saga.saga_id or not saga.happens("RESERVATION_TIMED_OUT"):
        return []
    return [_release(state, saga), *_end(state, saga, "RESERVATION_TIMED_OUT")]


def ask_after(state: OrdersState) -> list[Sent]:
    """A cancel behind each order that matching has not answered in time.

    A replacement that waits for its own cancel ends instead.
    """
    sent: list[Sent] = []
    for submitted_ms, key in _take_due(state.submitted, state.executions_ms - state.timeout_ms):
        saga = state.sagas.get(key)
        if saga is None or not saga.is_awaited or saga.submitted_ms != submitted_ms:
            continue
        if saga.state == "STARTED":
            sent += _give_up_replacing(state, saga)
            continue
        if saga.steps[-1]["name"] == "CancelOrder":
            saga.steps.pop()  # asked again: the history does not grow with the time it takes
        saga.step("CancelOrder", state.now_ms)
        _await_answer(state, saga, state.submitted)
        state.change(saga)
        cancel = {
            "command_id": saga.saga_id + AFTER_TIME,
            "account_id": saga.account_id,
            "symbol": saga.symbol,
            "order_id": 0,
            "original_client_order_id": saga.client_order_id,
            "client_order_id": "",
            "restriction": "NONE",
            # An amended order may have taken the name meanwhile.
            "hold_id": saga.hold_id,
            "time_ms": saga.requested_ms,
        }
        sent.append(Sent("matching", "CancelOrder", cancel))
    return sent


def _give_up_replacing(state: OrdersState, saga: Saga) -> list[Sent]:
    """End a replacement whose cancel was not answered in time."""
    saga.happens("RESERVATION_TIMED_OUT")
    return _end(state, saga, "RESERVATION_TIMED_OUT")


def give_up_second_reservations(state: OrdersState, wallet_ms: int) -> list[Sent]:
    """The wallet's clock has come to a time: what it should have answered before is given back.

    By that clock alone: by any other one an answer that is only late would be taken for none.
    """
    sent: list[Sent] = []
    for asked_ms, key in _take_due(state.reserving_again, wallet_ms - state.timeout_ms):
        saga = state.sagas.get(key)
        if saga is not None and saga.is_reserving_again and saga.submitted_ms == asked_ms:
            saga.happens("RESERVATION_TIMED_OUT")
            sent += [_release(state, saga), *_end(state, saga, "RESERVATION_TIMED_OUT")]
    return sent


def _take_due(asked: deque[tuple[int, str]], before_ms: int) -> list[tuple[int, str]]:
    """Those that were asked before a time: when, and the sagas' keys."""
    due: list[tuple[int, str]] = []
    while asked and asked[0][0] < before_ms:
        due.append(asked.popleft())
    # Those of one moment by their keys: rows do not say which of them came first.
    return sorted(due)


def never_arrived(state: OrdersState, saga: Saga) -> list[Sent]:
    """Matching found no order to cancel and has never reported one: it never had it."""
    if not saga.happens("LOST"):
        return []
    return [_release(state, saga), *_end(state, saga, "MATCHING_TIMED_OUT")]


def _reserve(state: OrdersState, saga: Saga, order: PlaceOrder) -> Sent:
    asset, units = reservation(state.rules[saga.symbol].instrument, order)
    saga.hold_id = order["hold_id"]
    saga.step("WalletReserveFundsCommand", state.now_ms)
    state.change(saga)
    command = {
        "command_id": saga.hold_id,
        "account_id": saga.account_id,
        "symbol": saga.symbol,
        "asset": asset,
        "amount_units": units,
        "requested_ms": saga.requested_ms,
        "time_ms": order["time_ms"],
    }
    return Sent("wallet", "WalletReserveFundsCommand", command)


def _release(state: OrdersState, saga: Saga) -> Sent:
    saga.step("WalletReleaseFundsCommand", state.now_ms)
    state.change(saga)
    command = {
        "command_id": saga.hold_id + RELEASE,
        "account_id": saga.account_id,
        "hold_id": saga.hold_id,
        "symbol": saga.symbol,
        "execution_id": 0,
        "keep_units": 0,
        "time_ms": saga.requested_ms,
    }
    return Sent("wallet", "WalletReleaseFundsCommand", command)


def _end(state: OrdersState, saga: Saga, reason: RejectReason) -> list[Sent]:
    """Tell the client that the order was not to be, and those who wait for it too."""
    return [*_refusal(state, saga, reason), *_let_go(state, saga)]


def _refusal(state: OrdersState, saga: Saga, reason: RejectReason) -> list[Sent]:
    """The answer to the command of a saga that has failed."""
    saga.reason = reason
    saga.order_status = "REJECTED"
    saga.step("OrderRejectedEvent", state.now_ms)
    name, command = decode(saga.payload)
    state.change(saga)
    if name == "CancelReplaceOrder" and all(step["name"] in _BEFORE_CANCEL for step in saga.steps):
        return refusals(name, command, reason)  # its cancel was not to be either
    return refusals("PlaceOrder", placed_order(saga), reason)


def _end_of_unknown(state: OrdersState, saga: Saga) -> list[Sent]:
    """End a saga whose symbol is no more among the instruments; matching has no order of it."""
    return [*_refusal_of_unknown(state, saga), *_let_go(state, saga)]


def _refusal_of_unknown(state: OrdersState, saga: Saga) -> list[Sent]:
    release = [_release(state, saga)] if saga.hold_id else []
    saga.happens("FUNDS_REFUSED")
    return [*release, *_refusal(state, saga, "UNKNOWN_SYMBOL")]


_BEFORE_CANCEL = frozenset(
    {
        "WalletReserveFundsCommand",
        "FundsReservedEvent",
        "FundsReservationFailedEvent",
        "WalletReleaseFundsCommand",
        "OrderRejectedEvent",
    }
)


def _await_answer(state: OrdersState, saga: Saga, asked: deque[tuple[int, str]]) -> None:
    saga.submitted_ms = state.now_ms
    asked.append((saga.submitted_ms, saga.key))


def _paid_order(
    state: OrdersState, name: str, command: Mapping[str, Any], hold_id: str
) -> PlaceOrder:
    """The order of a command at the instrument's rates, with the hold that pays for it."""
    instrument = state.rules[command["symbol"]].instrument
    if name == "CancelReplaceOrder":
        order = both_halves(cast(CancelReplaceOrder, command))[1]
    else:
        order = cast(PlaceOrder, dict(command))
    order["hold_id"] = hold_id
    order["reserved_price_ticks"] = order["price_ticks"] if order["side"] == "BUY" else 0
    order["maker_rate_ppm"] = instrument.maker_rate_ppm
    order["taker_rate_ppm"] = instrument.taker_rate_ppm
    return order
