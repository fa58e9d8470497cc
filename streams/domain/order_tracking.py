"""Execution reports: what matching says of the orders of a partition's accounts."""

from schemas.records import ExecutionReport
from streams.domain.order_answers import Sent
from streams.domain.orders_state import OrdersState
from streams.domain.placement_saga import OWN_CANCEL, cancel_answered
from streams.domain.placement_timeouts import AFTER_TIME, never_arrived
from streams.domain.saga import SECOND_LEG, Saga


def follow(state: OrdersState, report: ExecutionReport, data: bytes) -> list[Sent]:
    """Note a report, encoded in ``data``, and do what the saga's next step is."""
    if not report["execution_id"] and not report["hold_id"]:
        return []  # this stage's own
    account = report["account_id"]
    sent = _answer_to_own_cancel(state, account, report)
    saga = _saga_of(state, report)
    if saga is not None and _is_new(saga, report):
        _note(state, saga, report, data)
    return sent


def _is_new(saga: Saga, report: ExecutionReport) -> bool:
    """Whether a report came not before; matching numbers none of a symbol that it does not know."""
    number = report["execution_id"]
    return number > saga.last_execution_id if number else saga.state == "MATCHING_SUBMITTED"


def _saga_of(state: OrdersState, report: ExecutionReport) -> Saga | None:
    """The saga that a report's hold belongs to; of a list's two, that of the order."""
    # What follows ``~`` says which of the saga's holds it is.
    key = f"{report['account_id']} {report['hold_id'].partition('~')[0]}"
    saga = state.sagas.get(key)
    if not report["order_list_id"] and report["execution_type"] != "REJECTED":
        return saga
    second = state.sagas.get(key + SECOND_LEG)
    if second is None or (saga is not None and not _is_of(second, report)):
        return saga
    return second if _is_of(second, report) else None


def _is_of(saga: Saga, report: ExecutionReport) -> bool:
    if saga.order_id:
        return saga.order_id == report["order_id"]
    return saga.client_order_id == report["client_order_id"]


def _note(state: OrdersState, saga: Saga, report: ExecutionReport, data: bytes) -> None:
    is_first = not saga.last_execution_id
    saga.last_execution_id = report["execution_id"]
    saga.order_status = report["order_status"]
    saga.report = data
    if is_first:
        is_refused = report["execution_type"] == "REJECTED"
        saga.happens("REJECTED" if is_refused else "ACCEPTED")
        saga.step("OrderRejectedEvent" if is_refused else "OrderAcceptedEvent", state.now_ms)
        saga.reason = report["reject_reason"]
        if not is_refused:
            state.number(saga, report["order_id"])
    elif report["execution_type"] == "REPLACED":
        state.rename(saga, report["client_order_id"])
    state.change(saga)
    state.drop_answered()


def _answer_to_own_cancel(state: OrdersState, account: str, report: ExecutionReport) -> list[Sent]:
    """Where the report answers a cancel that a saga sent: the saga's next step."""
    execution_type = report["execution_type"]
    if execution_type not in ("CANCELED", "CANCEL_REJECTED"):
        return []
    command_id = report["command_id"]
    # What follows the last ~ says which of the saga's own cancels it is.
    saga = state.sagas.get(f"{account} {command_id.rpartition('~')[0]}")
    if saga is None:
        return []
    if command_id.endswith(OWN_CANCEL):
        return cancel_answered(state, saga, is_done=execution_type == "CANCELED")
    is_asked_after = command_id.endswith(AFTER_TIME) and execution_type == "CANCEL_REJECTED"
    if is_asked_after and report["reject_reason"] == "UNKNOWN_ORDER":
        return never_arrived(state, saga)
    return []
