"""Placing an order, and trying out whether one would be taken."""

import asyncio
from collections.abc import Mapping
from typing import Any

from web.auth.security import Security
from web.binance.account_shapes import ORDER_RATES
from web.binance.asking import ask, identity
from web.binance.commissions import no_discount, rates_of_orders
from web.binance.endpoint import Call, Endpoint
from web.binance.order_budget import present_price
from web.binance.order_filters import notional_failure
from web.binance.order_parameters import SYMBOL, TERMS
from web.binance.order_reply import placed_reply, response_type
from web.binance.order_request import place_order
from web.binance.order_shapes import PLACED
from web.binance.parameters import Parameter
from web.binance.rejections import placement_error
from web.state.markets import SymbolMarket

_MOMENTS = 25
_MOMENT_SECONDS = 0.02


async def _place(call: Call) -> dict[str, Any]:
    command = await placement(call)
    reports = await ask(call, "PlaceOrder", command)
    last = reports[-1]
    if last["execution_type"] == "REJECTED":
        raise placement_error(last["reject_reason"])
    orders = call.gateway.orders.of(call.account_id)
    kind = response_type(call.values)
    return placed_reply(reports, call.values["symbol"], orders, kind=kind)


async def placement(call: Call) -> dict[str, Any]:
    """The PlaceOrder that a request asks for.

    Raises:
        BinanceError: it cannot be made of the parameters.
    """
    gateway, values = call.gateway, call.values
    symbol = values["symbol"].symbol
    market = gateway.markets.by_symbol[symbol]
    await _price_to_come(values, market)
    return place_order(
        values,
        identity(call, symbol),
        market,
        gateway.balances.of(call.account_id),
        band_percent=gateway.settings.market_band_percent,
    )


async def _price_to_come(values: Mapping[str, Any], market: SymbolMarket) -> None:
    """Give a symbol's first price a moment: an order that was just answered may be read in its
    owner's reports before it is in the book.
    """
    if values["type"] != "MARKET":
        return
    for _ in range(_MOMENTS):
        if present_price(values["side"], market):
            return
        await asyncio.sleep(_MOMENT_SECONDS)


async def _test(call: Call) -> dict[str, Any]:
    instrument = call.values["symbol"]
    reason = notional_failure(instrument, await placement(call))
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
