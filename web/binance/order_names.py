"""Which order a request is about: by its id, by its client order id, or by both."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from web.binance.endpoint import Call
from web.binance.errors import BinanceError, error


class OrderName(NamedTuple):
    """An order as a request names it; 0 and "" stand for what was not sent."""

    order_id: int
    client_order_id: str


def order_name(
    values: Mapping[str, Any], *, id_name: str = "orderId", name_name: str = "origClientOrderId"
) -> OrderName:
    """The order that a request names.

    Raises:
        BinanceError: it names none.
    """
    order_id, name = values[id_name], values[name_name]
    if order_id is None and name is None:
        raise error("ONE_OF", first=name_name, second=id_name)
    if order_id == 0:
        # To the exchange that would mean «by its client order id».
        raise error("MANDATORY", name=id_name)
    return OrderName(order_id or 0, name or "")


def mismatch(call: Call, name: OrderName) -> BinanceError | None:
    """The error for two names that are not one order's, where that is so."""
    if not (name.order_id and name.client_order_id):
        return None
    symbol = call.values["symbol"].symbol
    order = call.gateway.orders.of(call.account_id).find(symbol, name.order_id)
    if order is None or order["client_order_id"] == name.client_order_id:
        return None
    return error("OTHER_CLIENT_ORDER_ID")
