"""What the orders stage must make of a client's command: the order with who pays for it."""

from collections.abc import Mapping
from typing import Any, cast

from schemas.instruments import Instrument
from schemas.records import CancelReplaceOrder, PlaceOrder, PlaceOrderList
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, WALLET_EVENTS
from streams.domain.changing import both_halves
from streams.domain.order_list import both_legs

INPUTS = (ORDERS_COMMANDS.name, WALLET_EVENTS.name, ORDERS_EXECUTIONS.name)
"""The topics that the orders stage reads."""

CHANGES = ("CancelOrder", "AmendOrder")


def saga_of(account_id: str, hold_id: str) -> str:
    """The key of the placement that a hold, or a command of its own, belongs to."""
    return f"{account_id} {hold_id.partition('~')[0]}"


def paid_orders(
    instrument: Instrument, name: str, command: Mapping[str, Any], hold_id: str
) -> list[PlaceOrder]:
    """The orders of a placement at the instrument's rates, with the hold that pays for them."""
    if name == "CancelReplaceOrder":
        orders = [both_halves(cast(CancelReplaceOrder, command))[1]]
    elif name == "PlaceOrderList":
        orders = list(both_legs(cast(PlaceOrderList, command)))
    else:
        orders = [cast(PlaceOrder, dict(command))]
    return [_paid(instrument, order, hold_id) for order in orders]


def _paid(instrument: Instrument, order: PlaceOrder, hold_id: str) -> PlaceOrder:
    order["hold_id"] = hold_id
    order["reserved_price_ticks"] = order["price_ticks"] if order["side"] == "BUY" else 0
    order["maker_rate_ppm"] = instrument.maker_rate_ppm
    order["taker_rate_ppm"] = instrument.taker_rate_ppm
    return order
