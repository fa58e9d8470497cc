"""Placing an order, and trying out whether one would be taken."""

from collections.abc import Mapping
from typing import Any

from web.auth.security import Security
from web.binance.account_shapes import ORDER_RATES
from web.binance.asking import ask, identity
from web.binance.commissions import no_discount, rates_of_orders
from web.binance.endpoint import Call, Endpoint
from web.binance.order_filters import notional_failure
from web.binance.order_parameters import SYMBOL, TERMS
from web.binance.order_reply import placed_reply, response_type
from web.binance.order_request import place_order
from web.binance.order_shapes import PLACED
from web.binance.parameters import Parameter
from web.binance.rejections import placement_error


async def _place(call: Call) -> dict[str, Any]:
    command = placement(call)
    reports = await ask(call, "PlaceOrder", command)
    last = reports[-1]
    if last["execution_type"] == "REJECTED":
        raise placement_error(last["reject_reason"])
    orders = call.gateway.orders.of(call.account_id)
    kind = response_type(call.values)
    return placed_reply(reports, call.values["symbol"], orders, kind=kind)


def placement(call: Call) -> dict[str, Any]:
    """The PlaceOrder that a request asks for.

    Raises:
        BinanceError: it cannot be made of the parameters.
    """
    gateway, values = call.gateway, call.values
    symbol = values["symbol"].symbol
    return place_order(
        values,
        identity(call, symbol),
        gateway.markets.by_symbol[symbol],
        gateway.balances.of(call.account_id),
        band_percent=gateway.settings.market_band_percent,
    )


async def _test(call: Call) -> dict[str, Any]:
    instrument = call.values["symbol"]
    reason = notional_failure(instrument, placement(call))
    if reason != "NONE":
        raise placement_error(reason)
    if not call.values["computeCommissionRates"]:
        return {}
    return {
        "standardCommissionForOrder": rates_of_orders(instrument),
        "specialCommissionForOrder": rates_of_orders(None),
        "taxCommissionForOrder": rates_of_orders(None),
        "discount": no_discount(),
    }


def _test_weight(values: Mapping[str, Any]) -> int:
    return 20 if values["computeCommissionRates"] else 1


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/api/v3/order",
        handle=_place,
        summary="Place an order.",
        security=Security.TRADE,
        parameters=(SYMBOL, *TERMS),
        ws_method="order.place",
        is_free_when_done=True,
        orders=1,
        replies=PLACED,
    ),
    Endpoint(
        method="POST",
        path="/api/v3/order/test",
        handle=_test,
        summary="Whether an order could be sent: its parameters, and filters that need no book.",
        security=Security.TRADE,
        weight=_test_weight,
        parameters=(
            SYMBOL,
            *TERMS,
            Parameter(
                name="computeCommissionRates",
                kind="flag",
                default=False,
                description="Answer with the order's commission rates.",
            ),
        ),
        ws_method="order.test",
        replies=ORDER_RATES,
    ),
)
