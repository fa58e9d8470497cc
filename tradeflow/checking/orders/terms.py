"""What the orders stage must make of a client's command: the order with who pays for it."""

from collections.abc import Mapping
from typing import Any, cast

from schemas.instruments import Instrument
from schemas.records import CancelReplaceOrder, PlaceOrder
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, WALLET_EVENTS
from streams.domain.changing import both_halves

INPUTS = (ORDERS_COMMANDS.name, WALLET_EVENTS.name, ORDERS_EXECUTIONS.name)
"""The topics that the orders stage reads."""

PLACEMENTS = ("PlaceOrder", "CancelReplaceOrder")
CHANGES = ("CancelOrder", "AmendOrder")


def saga_of(account_id: str, hold_id: str) -> str:
    """The key of the placement that a hold, or a command of its own, belongs to."""
    return f"{account_id} {hold_id.partition('~')[0]}"


def paid_order(
    instrument: Instrument, name: str, command: Mapping[str, Any], hold_id: str
) -> PlaceOrder:
    """The order of a placement at the instrument's rates, with the hold that pays for it."""
    if name == "CancelReplaceOrder":
        order = both_halves(cast(CancelReplaceOrder, command))[1]
    else:
        order = cast(PlaceOrder, dict(command))
    order["hold_id"] = hold_id
    order["reserved_price_ticks"] = order["price_ticks"] if order["side"] == "BUY" else 0
    order["maker_rate_ppm"] = instrument.maker_rate_ppm
    order["taker_rate_ppm"] = instrument.taker_rate_ppm
    return order
