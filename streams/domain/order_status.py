"""The states of an order, as a table: (state, execution type) -> the states it may lead to.

``PENDING_NEW`` stands before the engine's first word on an order.  Where several states follow,
quantities decide: a trade fills an order in part or in full, prevention leaves something or not.
"""

from schemas.enums import ExecutionType, OrderStatus

OPEN_STATUSES: frozenset[OrderStatus] = frozenset({"NEW", "PARTIALLY_FILLED"})
"""The order may still change."""

CLOSED_STATUSES: frozenset[OrderStatus] = frozenset(
    {"FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH"}
)
"""The order never changes again."""

_NEW: frozenset[OrderStatus] = frozenset({"NEW"})
_PARTIALLY_FILLED: frozenset[OrderStatus] = frozenset({"PARTIALLY_FILLED"})
_TRADED: frozenset[OrderStatus] = frozenset({"PARTIALLY_FILLED", "FILLED"})
_CANCELED: frozenset[OrderStatus] = frozenset({"CANCELED"})
_EXPIRED: frozenset[OrderStatus] = frozenset({"EXPIRED"})
_NOTHING: frozenset[OrderStatus] = frozenset()

TRANSITIONS: dict[tuple[OrderStatus, ExecutionType], frozenset[OrderStatus]] = {
    ("PENDING_NEW", "NEW"): _NEW,
    ("PENDING_NEW", "REJECTED"): frozenset({"REJECTED"}),
    ("NEW", "TRIGGERED"): _NEW,
    ("NEW", "TRADE"): _TRADED,
    ("NEW", "TRADE_PREVENTION"): frozenset({"NEW", "EXPIRED_IN_MATCH"}),
    ("NEW", "REPLACED"): _NEW,
    ("NEW", "CANCELED"): _CANCELED,
    ("NEW", "EXPIRED"): _EXPIRED,
    ("NEW", "CANCEL_REJECTED"): _NEW,
    ("NEW", "AMEND_REJECTED"): _NEW,
    ("PARTIALLY_FILLED", "TRADE"): _TRADED,
    ("PARTIALLY_FILLED", "TRADE_PREVENTION"): frozenset({"PARTIALLY_FILLED", "EXPIRED_IN_MATCH"}),
    ("PARTIALLY_FILLED", "REPLACED"): _PARTIALLY_FILLED,
    ("PARTIALLY_FILLED", "CANCELED"): _CANCELED,
    ("PARTIALLY_FILLED", "EXPIRED"): _EXPIRED,
    ("PARTIALLY_FILLED", "CANCEL_REJECTED"): _PARTIALLY_FILLED,
    ("PARTIALLY_FILLED", "AMEND_REJECTED"): _PARTIALLY_FILLED,
}


def following_statuses(
    status: OrderStatus, execution_type: ExecutionType
) -> frozenset[OrderStatus]:
    """The states that an execution may lead to; empty where it cannot happen in ``status``."""
    return TRANSITIONS.get((status, execution_type), _NOTHING)
