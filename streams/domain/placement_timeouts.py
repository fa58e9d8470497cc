"""What the placement saga does where an answer does not come in time (``ORDERS.md``)."""

from collections import deque

from streams.domain.order_answers import Sent
from streams.domain.orders_state import OrdersState
from streams.domain.placement_saga import await_answer, end, release
from streams.domain.saga import SECOND_LEG, Saga

AFTER_TIME = "~x"
"""Behind a saga's id: the cancel that stands behind an order which matching does not answer."""


def reservation_timed_out(state: OrdersState, saga: Saga) -> list[Sent]:
    """The wallet's clock has passed the reservation by, and there is no answer."""
    if saga.hold_id != saga.saga_id or not saga.happens("RESERVATION_TIMED_OUT"):
        return []
    return [release(state, saga), *end(state, saga, "RESERVATION_TIMED_OUT")]


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
        await_answer(state, saga, state.submitted)
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
    return end(state, saga, "RESERVATION_TIMED_OUT")


def give_up_second_reservations(state: OrdersState, wallet_ms: int) -> list[Sent]:
    """The wallet's clock has come to a time: what it should have answered before is given back.

    By that clock alone: by any other one an answer that is only late would be taken for none.
    """
    sent: list[Sent] = []
    for asked_ms, key in _take_due(state.reserving_again, wallet_ms - state.timeout_ms):
        saga = state.sagas.get(key)
        if saga is not None and saga.is_reserving_again and saga.submitted_ms == asked_ms:
            saga.happens("RESERVATION_TIMED_OUT")
            sent += [release(state, saga), *end(state, saga, "RESERVATION_TIMED_OUT")]
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
    first = state.sagas.get(saga.key.removesuffix(SECOND_LEG))
    if first is None or not first.happens("LOST"):
        return []
    saga = first
    return [release(state, saga), *end(state, saga, "MATCHING_TIMED_OUT")]
