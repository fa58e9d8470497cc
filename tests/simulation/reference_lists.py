"""Order lists in the reference exchange: whether two orders make one."""

from collections.abc import Mapping
from typing import Any

from schemas.records import PlaceOrder
from tests.simulation.reference_checks import reason_to_refuse, triggers_above
from tests.simulation.reference_state import STOP_KINDS, Turn

REJECTED_WITH_THE_OTHER = "ORDER_LIST_REJECTED"


def legs_of(command: Mapping[str, Any]) -> list[PlaceOrder]:
    outer = {name: command[name] for name in ("command_id", "account_id", "symbol", "time_ms")}
    return [{**command[leg], **outer} for leg in ("first", "second")]


def reasons_to_refuse(turn: Turn, legs: list[PlaceOrder]) -> list[str]:
    """Why each leg is refused; NONE for both where they are taken."""
    for position, leg in enumerate(legs):
        reason = reason_to_refuse(turn.state, leg)
        if reason != "NONE":
            reasons = [REJECTED_WITH_THE_OTHER, REJECTED_WITH_THE_OTHER]
            reasons[position] = reason
            return reasons
    reason = reason_of_the_list(*legs)
    return [reason, reason]


def reason_of_the_list(one: PlaceOrder, other: PlaceOrder) -> str:
    fits = (
        one["side"] == other["side"],
        one["quantity_lots"] == other["quantity_lots"],
        one["hold_id"] == other["hold_id"],
        one["client_order_id"] != other["client_order_id"],
        one["order_type"] in ("LIMIT_MAKER", *STOP_KINDS),
        other["order_type"] in ("LIMIT_MAKER", *STOP_KINDS),
    )
    if not all(fits):
        return "UNSUPPORTED_ORDER_COMBINATION"
    waits = sorted((waits_above(leg), awaited_price(leg)) for leg in (one, other))
    (first_is_above, lower), (second_is_above, higher) = waits
    if first_is_above or not second_is_above or lower >= higher:
        return "ORDER_LIST_PRICES"
    return "NONE"


def waits_above(leg: PlaceOrder) -> bool:
    if leg["order_type"] == "LIMIT_MAKER":
        return leg["side"] == "SELL"
    return triggers_above(leg)


def awaited_price(leg: PlaceOrder) -> int:
    return leg["price_ticks"] if leg["order_type"] == "LIMIT_MAKER" else leg["stop_price_ticks"]
