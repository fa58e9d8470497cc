"""Order lists in the reference exchange: one cancels the other."""

from schemas.records import OrderRow
from tests.simulation.reference_state import Turn


def other_leg(turn: Turn, order: OrderRow) -> OrderRow | None:
    """The open order of the same list."""
    if order["order_list_id"] == 0:
        return None
    for other in turn.state.orders:
        if other is not order and other["order_list_id"] == order["order_list_id"]:
            return other
    return None


def touch(turn: Turn, order: OrderRow) -> None:
    """The order is about to trade, to be prevented or to be triggered: the other leg expires."""
    other = other_leg(turn, order)
    if other is not None:
        turn.report(other, "EXPIRED", "EXPIRED", expiry_reason="OCO_TRIGGER")
        turn.close(other)


def cancel_other(turn: Turn, order: OrderRow, cancel_id: str) -> None:
    """The order is about to be cancelled: the other leg is, before it."""
    other = other_leg(turn, order)
    if other is not None:
        turn.report(
            other,
            "CANCELED",
            "CANCELED",
            expiry_reason="OCO_TRIGGER",
            client_order_id=cancel_id or other["client_order_id"],
            original_client_order_id=other["client_order_id"],
        )
        turn.close(other)
