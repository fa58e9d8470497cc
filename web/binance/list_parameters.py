"""Parameters of order lists, made into those of their legs."""

from collections.abc import Mapping
from typing import Any

from schemas.enums import SELF_TRADE_PREVENTIONS, TIMES_IN_FORCE
from web.binance.order_parameters import SYMBOL, TERMS
from web.binance.parameters import Parameter

_OF_A_LEG = {
    "Type": "type",
    "ClientOrderId": "newClientOrderId",
    "IcebergQty": "icebergQty",
    "Price": "price",
    "StopPrice": "stopPrice",
    "TrailingDelta": "trailingDelta",
    "TimeInForce": "timeInForce",
    "StrategyId": "strategyId",
    "StrategyType": "strategyType",
    "PegPriceType": "pegPriceType",
    "PegOffsetType": "pegOffsetType",
    "PegOffsetValue": "pegOffsetValue",
}
"""What of an order each leg has for itself, under which ending."""

_LEG_TYPES = ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT", "LIMIT_MAKER")

_SHARED = (
    SYMBOL,
    Parameter(
        name="listClientOrderId", kind="name", description="Of the list; made where none is sent."
    ),
    Parameter(name="side", kind="choice", is_required=True, values=("BUY", "SELL"), wrong="SIDE"),
    Parameter(name="quantity", kind="decimal", is_required=True, description="Of both orders."),
    Parameter(
        name="newOrderRespType",
        kind="choice",
        values=("ACK", "RESULT", "FULL"),
        description="ACK: the list says nothing of its orders but their ids.",
    ),
    Parameter(
        name="selfTradePreventionMode",
        kind="choice",
        values=SELF_TRADE_PREVENTIONS,
        default="EXPIRE_MAKER",
    ),
)


def _leg(prefix: str) -> tuple[Parameter, ...]:
    kinds = {parameter.name: parameter for parameter in TERMS}
    return tuple(
        Parameter(
            name=f"{prefix}{ending}",
            kind=kinds[name].kind,
            is_required=name == "type",
            values=_LEG_TYPES if name == "type" else kinds[name].values,
            wrong=kinds[name].wrong,
            description=kinds[name].description,
        )
        for ending, name in _OF_A_LEG.items()
    )


OCO = (*_SHARED, *_leg("above"), *_leg("below"))
"""Of a list whose legs wait above and below the market."""

OLD_OCO = (
    *_SHARED,
    Parameter(name="price", kind="decimal", is_required=True, description="Of the limit order."),
    Parameter(name="limitClientOrderId", kind="name"),
    Parameter(name="limitIcebergQty", kind="decimal"),
    Parameter(name="limitStrategyId", kind="integer", description="Taken, and not kept."),
    Parameter(name="limitStrategyType", kind="integer", description="Taken, and not kept."),
    Parameter(name="stopPrice", kind="decimal", is_required=True),
    Parameter(name="stopLimitPrice", kind="decimal", description="Without it a stop-loss order."),
    Parameter(
        name="stopLimitTimeInForce",
        kind="choice",
        values=TIMES_IN_FORCE,
        wrong="TIME_IN_FORCE",
    ),
    Parameter(name="stopClientOrderId", kind="name"),
    Parameter(name="stopIcebergQty", kind="decimal"),
    Parameter(name="stopStrategyId", kind="integer", description="Taken, and not kept."),
    Parameter(name="stopStrategyType", kind="integer", description="Taken, and not kept."),
    Parameter(name="trailingDelta", kind="integer", description="Not supported."),
)
"""Of the older way: a limit order and a stop-loss order."""


def legs_of(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The legs of an ``OCO``, above and below, as values of ``TERMS``."""
    above, below = (
        {name: values[f"{prefix}{ending}"] for ending, name in _OF_A_LEG.items()}
        for prefix in ("above", "below")
    )
    return _order(values, above), _order(values, below)


def legs_of_old(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The legs of an ``OLD_OCO``, above and below, as values of ``TERMS``."""
    limit = {
        "type": "LIMIT_MAKER",
        "price": values["price"],
        "newClientOrderId": values["limitClientOrderId"],
        "icebergQty": values["limitIcebergQty"],
        "strategyType": values["limitStrategyType"],
    }
    stop = {
        "type": "STOP_LOSS" if values["stopLimitPrice"] is None else "STOP_LOSS_LIMIT",
        "price": values["stopLimitPrice"],
        "stopPrice": values["stopPrice"],
        "timeInForce": values["stopLimitTimeInForce"],
        "newClientOrderId": values["stopClientOrderId"],
        "icebergQty": values["stopIcebergQty"],
        "strategyType": values["stopStrategyType"],
        "trailingDelta": values["trailingDelta"],
    }
    is_sell = values["side"] == "SELL"
    above, below = (limit, stop) if is_sell else (stop, limit)
    return _order(values, above), _order(values, below)


def _order(values: Mapping[str, Any], leg: Mapping[str, Any]) -> dict[str, Any]:
    nothing = {parameter.name: None for parameter in TERMS}
    shared = {name: values[name] for name in ("side", "quantity", "selfTradePreventionMode")}
    return {**nothing, **shared, **leg}
