"""What is not supported: lists of which one order waits for another, and smart order routing."""

from collections.abc import Iterable
from typing import Any

from web.auth.security import Security
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


def _texts(names: Iterable[str]) -> tuple[Parameter, ...]:
    return (SYMBOL, *(Parameter(name=name) for name in names))


def _legs(*legs: str) -> tuple[Parameter, ...]:
    return _texts([*_OF_ALL, *(f"{leg}{name}" for leg in legs for name in _LEG)])


def _not_supported(path: str, parameters: tuple[Parameter, ...], ws_method: str) -> Endpoint:
    return Endpoint(
        method="POST",
        path=f"/api/v3/{path}",
        handle=_refuse,
        summary="Not supported.",
        security=Security.TRADE,
        parameters=parameters,
        ws_method=ws_method,
    )


_ROUTED = (
    *("side", "type", "timeInForce", "quantity", "price", "newClientOrderId", "strategyId"),
    *("strategyType", "icebergQty", "newOrderRespType", "selfTradePreventionMode"),
)

ENDPOINTS = (
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
    _not_supported("sor/order", _texts(_ROUTED), "sor.order.place"),
    _not_supported(
        "sor/order/test", _texts((*_ROUTED, "computeCommissionRates")), "sor.order.test"
    ),
)
