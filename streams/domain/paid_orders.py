"""Orders as they go to matching: at the instrument's rates, with the hold that pays for them."""

from collections.abc import Mapping
from typing import Any, cast

from schemas.records import CancelReplaceOrder, PlaceOrder, PlaceOrderList
from streams.domain.changing import both_halves
from streams.domain.order_list import both_legs
from streams.domain.orders_state import OrdersState


def paid_order(
    state: OrdersState, name: str, command: Mapping[str, Any], hold_id: str
) -> PlaceOrder:
    """The order of a PlaceOrder, or of a CancelReplaceOrder."""
    if name == "CancelReplaceOrder":
        order = both_halves(cast(CancelReplaceOrder, command))[1]
    else:
        order = cast(PlaceOrder, dict(command))
    return _paid(state, order, hold_id)


def paid_legs(
    state: OrdersState, command: Mapping[str, Any], hold_id: str
) -> tuple[PlaceOrder, PlaceOrder]:
    """Both orders of a PlaceOrderList."""
    first, second = both_legs(cast(PlaceOrderList, command))
    return _paid(state, first, hold_id), _paid(state, second, hold_id)


def _paid(state: OrdersState, order: PlaceOrder, hold_id: str) -> PlaceOrder:
    instrument = state.rules[order["symbol"]].instrument
    order["hold_id"] = hold_id
    order["reserved_price_ticks"] = order["price_ticks"] if order["side"] == "BUY" else 0
    order["maker_rate_ppm"] = instrument.maker_rate_ppm
    order["taker_rate_ppm"] = instrument.taker_rate_ppm
    return order
