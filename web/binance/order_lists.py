"""Order lists (OCO and its kin) and smart order routing, which are not supported."""

from collections.abc import Iterable
from typing import Any

from web.auth.security import Security
from web.binance.account_shapes import NOTHING
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.binance.order_parameters import SYMBOL
from web.binance.parameters import Parameter

_LEG = (
    "Type",
    "Side",
    "ClientOrderId",
    "Price",
    "StopPrice",
    "Quantity",
    "TrailingDelta",
    "IcebergQty",
    "TimeInForce",
    "StrategyId",
    "StrategyType",
    "PegPriceType",
    "PegOffsetType",
    "PegOffsetValue",
)
_OF_ALL = ("listClientOrderId", "side", "quantity", "newOrderRespType", "selfTradePreventionMode")


async def _refuse(_call: Call) -> Any:
    raise error("NOT_SUPPORTED")


async def _none(_call: Call) -> list[Any]:
    # None was ever taken.
    return []


def _texts(names: Iterable[str]) -> tuple[Parameter, ...]:
    return (SYMBOL, *(Parameter(name=name) for name in names))


def _legs(*legs: str) -> tuple[Parameter, ...]:
    return _texts([*_OF_ALL, *(f"{leg}{name}" for leg in legs for name in _LEG)])


def _not_supported(
    path: str, parameters: tuple[Parameter, ...], ws_method: str = "", *, method: str = "POST"
) -> Endpoint:
    return Endpoint(
        method=method,
        path=f"/api/v3/{path}",
        handle=_refuse,
        summary="Not supported.",
        security=Security.TRADE,
        parameters=parameters,
        ws_method=ws_method,
    )


def _always_empty(path: str, weight: int, names: Iterable[str], ws_method: str) -> Endpoint:
    return Endpoint(
        method="GET",
        path=f"/api/v3/{path}",
        handle=_none,
        summary="Order lists: there are none.",
        security=Security.USER_DATA,
        weight=weight,
        parameters=tuple(Parameter(name=name) for name in names),
        replies=NOTHING,
        ws_method=ws_method,
    )


_OLD_OCO = (
    *_OF_ALL,
    *("limitClientOrderId", "price", "limitStrategyId", "limitStrategyType", "limitIcebergQty"),
    *("trailingDelta", "stopClientOrderId", "stopPrice", "stopStrategyId", "stopStrategyType"),
    *("stopLimitPrice", "stopIcebergQty", "stopLimitTimeInForce"),
)
_ROUTED = (
    *("side", "type", "timeInForce", "quantity", "price", "newClientOrderId", "strategyId"),
    *("strategyType", "icebergQty", "newOrderRespType", "selfTradePreventionMode"),
)

ENDPOINTS = (
    _not_supported("order/oco", _texts(_OLD_OCO), "orderList.place"),
    _not_supported("orderList/oco", _legs("above", "below"), "orderList.place.oco"),
    _not_supported("orderList/oto", _legs("working", "pending"), "orderList.place.oto"),
    _not_supported(
        "orderList/otoco",
        _legs("working", "pending", "pendingAbove", "pendingBelow"),
        "orderList.place.otoco",
    ),
    _not_supported("orderList/opo", _legs("working", "pending"), "orderList.place.opo"),
    _not_supported(
        "orderList/opoco",
        _legs("working", "pending", "pendingAbove", "pendingBelow"),
        "orderList.place.opoco",
    ),
    _not_supported(
        "orderList",
        _texts(("orderListId", "listClientOrderId", "newClientOrderId")),
        "orderList.cancel",
        method="DELETE",
    ),
    _not_supported("sor/order", _texts(_ROUTED), "sor.order.place"),
    _not_supported(
        "sor/order/test", _texts((*_ROUTED, "computeCommissionRates")), "sor.order.test"
    ),
    _always_empty("orderList", 4, ("orderListId", "origClientOrderId"), "orderList.status"),
    _always_empty("allOrderList", 20, ("fromId", "startTime", "endTime", "limit"), "allOrderLists"),
    _always_empty("openOrderList", 6, (), "openOrderLists.status"),
)
