"""Which parameters an order of each type needs, and which it may have."""

from collections.abc import Mapping
from typing import Any

from web.binance.errors import error

_AMOUNTS = ("timeInForce", "quantity", "quoteOrderQty", "price", "stopPrice", "icebergQty")

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "MARKET": (),
    "STOP_LOSS": ("quantity", "stopPrice"),
    "STOP_LOSS_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
    "TAKE_PROFIT": ("quantity", "stopPrice"),
    "TAKE_PROFIT_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
    "LIMIT_MAKER": ("quantity", "price"),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "MARKET": ("quantity", "quoteOrderQty"),
    **dict.fromkeys(
        ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT", "LIMIT_MAKER"), ("icebergQty",)
    ),
}

STOPS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
MARKET_KINDS = frozenset({"MARKET", "STOP_LOSS", "TAKE_PROFIT"})


def require_parameters_of_type(values: Mapping[str, Any]) -> None:
    """See that an order has what its type needs, and nothing else.

    Raises:
        BinanceError: a parameter is missing, has no place there, or is of what is not supported.
    """
    _require_supported(values)
    order_type = values["type"]
    needed = _NEEDED[order_type]
    for name in needed:
        if values[name] is None:
            raise error("MANDATORY", name=name)
    allowed = {*needed, *_OPTIONAL.get(order_type, ())}
    for name in _AMOUNTS:
        if values[name] is not None and name not in allowed:
            raise error("NOT_REQUIRED", name=name)
    if order_type == "MARKET":
        _require_one_quantity(values)


def _require_one_quantity(values: Mapping[str, Any]) -> None:
    given = [name for name in ("quantity", "quoteOrderQty") if values[name] is not None]
    if not given:
        raise error("ONE_OF", first="quantity", second="quoteOrderQty")
    if len(given) > 1:
        raise error("PARAMETERS")


def _require_supported(values: Mapping[str, Any]) -> None:
    if values["trailingDelta"] is not None:
        raise error("REJECTED", text="Trailing stop orders are not supported for this symbol.")
    if any(
        values[name] is not None for name in ("pegPriceType", "pegOffsetValue", "pegOffsetType")
    ):
        raise error("REJECTED", text="Pegged orders are not supported for this symbol.")
    if values["strategyType"] is not None and values["strategyType"] < 1_000_000:
        raise error("STRATEGY_TYPE")
