"""The orders within a command that places some."""

from collections.abc import Mapping
from typing import Any

PLACEMENTS = ("PlaceOrder", "CancelReplaceOrder", "PlaceOrderList")


def orders_in(command: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """One of a PlaceOrder, which is it itself, or a CancelReplaceOrder; two of a list."""
    if "first" in command:
        return [command["first"], command["second"]]
    return [command.get("place", command)]


def hold_in(command: Mapping[str, Any]) -> str:
    """The hold that pays for all of them."""
    hold_id: str = orders_in(command)[0]["hold_id"]
    return hold_id
