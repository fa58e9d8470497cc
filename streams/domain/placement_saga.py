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
from streams.domain.order_list import list_refusal
from streams.domain.orders_state import OrdersState
from streams.domain.paid_orders import paid_legs, paid_order
from streams.domain.reservation import reservation
from streams.domain.saga import SECOND_LEG, WAITING_MAX, Saga
from streams.domain.symbol_state import SymbolState

SECOND = "~2"
"""Behind a saga's id: its second reservation."""

RELEASE = "~r"
"""Behind a hold's id: the command that gives it back."""

OWN_CANCEL = "~c"
"""Behind a saga's id: the cancel of a replacement that frees the money for it."""


def place(state: OrdersState, name: str, command: Mapping[str, Any], data: bytes) -> list[Sent]:
    """Begin a saga for a PlaceOrder, CancelReplaceOrder or PlaceOrderList, or say why not."""
    symbol = command["symbol"]
    rules = state.rules.get(symbol)
    if rules is None:
        return refusals(name, command, "UNKNOWN_SYMBOL")
    key = f"{command['account_id']} {command['command_id']}"
    known = state.sagas.get(key) or state.sagas.get(key + SECOND_LEG)
    if known is not None and _is_same(data, name, command, known.payload):
        return [status_of(known, command)]
    if known is not None or key in state.commands:
        return refusals(name, command, "COMMAND_ID_REUSED")
    orders = _paid_orders(state, name, command)
    reason, counter_order_id = _first_fault(state, rules, orders)
    if reason != "NONE":
        return refusals(name, command, reason, counter_order_id)
    sagas = [
        Saga(
            command["command_id"] + suffix,
            command["account_id"],
            symbol,
            order["client_order_id"],
            state.commands_ms,
            data,
        )
        for order, suffix in zip(orders, ("", SECOND_LEG), strict=False)
    ]
    for saga in sagas:
        saga.hold_id = command["command_id"]
        state.add(saga)
    return [_reserve(state, sagas[0], *orders)]


def _paid_orders(
    state: OrdersState, name: str, command: Mapping[str, Any]
) -> tuple[PlaceOrder, ...]:
    if name == "PlaceOrderList":
        return paid_legs(state, command, command["command_id"])
    return (paid_order(state, name, command, command["command_id"]),)


def _first_fault(
    state: OrdersState, rules: SymbolState, orders: tuple[PlaceOrder, ...]
) -> tuple[RejectReason, int]:
    """Why orders cannot be paid for, and whose client order id one has; NONE where they can."""
    for order in orders:
        reason = refusal_in_any_market(rules, order)
        if reason != "NONE":
            return reason, 0
    for order in orders:
        holder = state.find(order["account_id"], order["symbol"], 0, order["client_order_id"])
        if holder is not None:
            return "DUPLICATE_CLIENT_ORDER_ID", holder.order_id
    return (list_refusal(*orders) if len(orders) > 1 else "NONE"), 0


def is_repeat(data: bytes, name: str, command: Mapping[str, Any]) -> bool:
    """Whether an encoded command says the same, but for its time."""
    before, content = decode(data)
    return before == name and {**content, "time_ms": 0} == {**command, "time_ms": 0}


def _is_same(data: bytes, name: str, command: Mapping[str, Any], payload: bytes) -> bool:
    return data == payload or is_repeat(payload, name, command)


def funds_reserved(state: OrdersState, saga: Saga) -> list[Sent]:
    """Submit the order that its reservation came for; give back what came too late."""
    if saga.state == "FAILED":
        return [release(state, saga)]
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
    return [_order_of(state, saga), *_let_go_of_both(state, saga)]


def _order_of(state: OrdersState, saga: Saga) -> Sent:
    """The order of a saga that is submitted with it."""
    name, command = decode(saga.payload)
    if name == "CancelReplaceOrder" and saga.hold_id == saga.saga_id:
        half = paid_order(state, name, command, saga.hold_id)
        sent = Sent("matching", name, {**command, "place": half})
    elif name == "PlaceOrderList":
        first, second = paid_legs(state, command, saga.hold_id)
        sent = Sent("matching", name, {**command, "first": first, "second": second})
        other = state.second_leg(saga)
        if other is not None:
            other.happens("FUNDS_RESERVED")
            _submitted(state, other, name)
    else:
        # What is decoded already is not decoded again: this is done for every order.
        sent = Sent("matching", "PlaceOrder", paid_order(state, name, command, saga.hold_id))
        name = "PlaceOrder"
    _submitted(state, saga, name)
    return sent


def _submitted(state: OrdersState, saga: Saga, name: str) -> None:
    saga.happens("SUBMITTED")
    saga.step(name, state.now_ms)
    await_answer(state, saga, state.submitted)
    state.change(saga)


def _let_go_of_both(state: OrdersState, saga: Saga) -> list[Sent]:
    """What has waited for an order, or for the orders of a list."""
    second = state.second_leg(saga)
    sent = _let_go(state, saga)
    return sent if second is None else [*sent, *_let_go(state, second)]


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
    return None if old.is_reserving_first else old


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
        await_answer(state, saga, state.submitted)
        state.change(saga)
        own: dict[str, Any] = {**cancel, "command_id": saga.saga_id + OWN_CANCEL}
        old = _awaited_first(state, saga, cancel)
        if old is None:
            return [Sent("matching", "CancelOrder", own)]
        old.waiting.append(encode("CancelOrder", own))
        state.change(old)
        return []
    saga.happens("FUNDS_REFUSED")
    return end(state, saga, reason)


def cancel_answered(state: OrdersState, saga: Saga, *, is_done: bool) -> list[Sent]:
    """The cancel of a replacement that could not be paid for was answered: reserve again, or not.

    The wallet has the release already: matching wrote it together with this answer.
    """
    if saga.state != "STARTED" or saga.hold_id:
        return []
    if is_done and saga.symbol not in state.rules:
        return _end_of_unknown(state, saga)
    if is_done:
        order = paid_order(state, "PlaceOrder", placed_order(saga), saga.saga_id + SECOND)
        await_answer(state, saga, state.reserving_again)
        return [_reserve(state, saga, order)]
    saga.happens("FUNDS_REFUSED")
    _, command = decode(saga.payload)
    stops = command["mode"] == "STOP_ON_FAILURE"
    return end(state, saga, "CANCEL_REPLACE_STOPPED" if stops else "INSUFFICIENT_BALANCE")


def _reserve(state: OrdersState, saga: Saga, *orders: PlaceOrder) -> Sent:
    """Ask for what an order needs, or the dearer one of a list."""
    instrument = state.rules[saga.symbol].instrument
    asset, units = max(reservation(instrument, order) for order in orders)
    order = orders[0]
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


def release(state: OrdersState, saga: Saga) -> Sent:
    """Give back all that a saga's hold has."""
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


def end(state: OrdersState, saga: Saga, reason: RejectReason) -> list[Sent]:
    """Tell the client that the order was not to be, and those who wait for it too."""
    return [*_refusal(state, saga, reason), *_let_go_of_both(state, saga)]


def _refusal(state: OrdersState, saga: Saga, reason: RejectReason) -> list[Sent]:
    """The answer to the command of a saga that has failed; a list's second leg fails with it."""
    _fail(state, saga, reason)
    name, command = decode(saga.payload)
    if name == "PlaceOrderList":
        second = state.second_leg(saga)
        if second is not None:
            second.happens("LOST" if second.state == "MATCHING_SUBMITTED" else "FUNDS_REFUSED")
            _fail(state, second, reason)
        return refusals(name, command, reason)
    if name == "CancelReplaceOrder" and all(step["name"] in _BEFORE_CANCEL for step in saga.steps):
        return refusals(name, command, reason)  # its cancel was not to be either
    return refusals("PlaceOrder", placed_order(saga), reason)


def _fail(state: OrdersState, saga: Saga, reason: RejectReason) -> None:
    saga.reason = reason
    saga.order_status = "REJECTED"
    saga.step("OrderRejectedEvent", state.now_ms)
    state.change(saga)


def _end_of_unknown(state: OrdersState, saga: Saga) -> list[Sent]:
    """End a saga whose symbol is no more among the instruments; matching has no order of it."""
    return [*_refusal_of_unknown(state, saga), *_let_go_of_both(state, saga)]


def _refusal_of_unknown(state: OrdersState, saga: Saga) -> list[Sent]:
    given_back = [release(state, saga)] if saga.hold_id else []
    saga.happens("FUNDS_REFUSED")
    return [*given_back, *_refusal(state, saga, "UNKNOWN_SYMBOL")]


_BEFORE_CANCEL = frozenset(
    {
        "WalletReserveFundsCommand",
        "FundsReservedEvent",
        "FundsReservationFailedEvent",
        "WalletReleaseFundsCommand",
        "OrderRejectedEvent",
    }
)


def await_answer(state: OrdersState, saga: Saga, asked: deque[tuple[int, str]]) -> None:
    """Note when something was asked, and that its answer is waited for from then on."""
    saga.submitted_ms = state.now_ms
    asked.append((saga.submitted_ms, saga.key))
