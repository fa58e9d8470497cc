"""Commands on orders that were placed before: to matching, or answered here (``ORDERS.md``)."""

from collections.abc import Mapping
from typing import Any

from streams.domain.order_answers import Sent, refusals, status_of, status_of_unknown
from streams.domain.orders_state import OrdersState
from streams.domain.placement_saga import is_repeat
from streams.domain.saga import WAITING_MAX, Saga


def change_order(
    state: OrdersState, name: str, command: Mapping[str, Any], data: bytes
) -> list[Sent]:
    """Send a CancelOrder or AmendOrder behind its order, or say why not."""
    if command["symbol"] not in state.rules:
        return refusals(name, command, "UNKNOWN_SYMBOL")
    saga = _find(state, command)
    known = _known(state, command)
    if known is not None:
        if not is_repeat(known, name, command):
            return refusals(name, command, "COMMAND_ID_REUSED")
        if saga is None and name == "AmendOrder":
            # It is done, and has given its order another name.
            saga = state.find(
                command["account_id"], command["symbol"], 0, command["client_order_id"]
            )
        return [status_of(saga, command) if saga else status_of_unknown(name, command)]
    if saga is None:
        # Its number, or its new name, may be told already and not yet have come here.
        state.remember(command, data)
        return [Sent("matching", name, command)]
    if saga.is_closed:
        return refusals(name, command, "UNKNOWN_ORDER")
    if saga.is_ahead and len(saga.waiting) >= WAITING_MAX:
        return refusals(name, command, "TOO_MANY_WAITING")
    state.remember(command, data)
    if saga.is_ahead:
        saga.waiting.append(data)
        state.change(saga)
        return []
    return [Sent("matching", name, command)]


def query_order(state: OrdersState, command: Mapping[str, Any]) -> list[Sent]:
    """Say how an order stands."""
    if command["symbol"] not in state.rules:
        return refusals("QueryOrder", command, "UNKNOWN_SYMBOL")
    saga = _find(state, command)
    if saga is None:
        return refusals("QueryOrder", command, "UNKNOWN_ORDER")
    return [status_of(saga, command)]


def _find(state: OrdersState, command: Mapping[str, Any]) -> Saga | None:
    return state.find(
        command["account_id"],
        command["symbol"],
        command["order_id"],
        command["original_client_order_id"],
    )


def _known(state: OrdersState, command: Mapping[str, Any]) -> bytes | None:
    """The content of the command that had this id before."""
    key = f"{command['account_id']} {command['command_id']}"
    row = state.commands.get(key)
    if row is not None:
        return row["payload"]
    saga = state.sagas.get(key)
    return None if saga is None else saga.payload
