"""What can be traded by which rules, and the few things that Binance has and this exchange not."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.instruments import Instrument
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.binance.market_choice import (
    ANY_SYMBOL,
    SYMBOL,
    SYMBOL_STATUS,
    SYMBOLS,
    chosen_markets,
    one_market,
)
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.binance.shapes import FLAG, NUMBER, TEXT, TIME, Shape, choice, listed, record
from web.binance.symbol_filters import symbol_filters
from web.clock import now_ms
from web.state.markets import SymbolMarket

ORDER_TYPES = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
SELF_TRADE_PREVENTION = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
DEFAULT_SELF_TRADE_PREVENTION = "EXPIRE_MAKER"
"""Of orders that name none, as at Binance."""
PERMISSIONS = frozenset(
    {"SPOT", "MARGIN", "LEVERAGED", *(f"TRD_GRP_{number:03d}" for number in range(2, 26))}
)
"""Names that may be asked for; symbols here are all SPOT and nothing else."""

_PRECISION = 8


async def _exchange_info(call: Call) -> dict[str, Any]:
    wants_sets = call.values["showPermissionSets"]
    return {
        "timezone": "UTC",
        "serverTime": TimeMs(now_ms()),
        "rateLimits": call.gateway.limiter.rules.as_json(),
        "exchangeFilters": [],
        "symbols": [
            {**_symbol(market), "permissionSets": [["SPOT"]] if wants_sets else []}
            for market in _asked(call)
        ],
    }


def _asked(call: Call) -> list[SymbolMarket]:
    values = call.values
    is_named = values["symbol"] is not None or values["symbols"] is not None
    if is_named and (values["permissions"] is not None or values["symbolStatus"] is not None):
        raise error("PARAMETERS")
    if values["permissions"] is not None and "SPOT" not in _permissions(values["permissions"]):
        return []
    return chosen_markets(call)


def _permissions(text: str) -> list[str]:
    try:
        named = json.loads(text) if text.startswith("[") else [text]
    except (ValueError, RecursionError):
        raise error("INVALID", name="permissions") from None
    if not named or not all(isinstance(each, str) and each in PERMISSIONS for each in named):
        raise error("INVALID", name="permissions")
    return list(named)


def _symbol(market: SymbolMarket) -> dict[str, Any]:
    return {**_rules(market.instrument), "status": market.status}


@lru_cache(maxsize=1_024)
def _rules(instrument: Instrument) -> dict[str, Any]:
    """All of a symbol that never changes."""
    return {
        "symbol": instrument.symbol,
        "status": instrument.status,
        "baseAsset": instrument.base_asset,
        "baseAssetPrecision": _PRECISION,
        "quoteAsset": instrument.quote_asset,
        "quotePrecision": _PRECISION,
        "quoteAssetPrecision": _PRECISION,
        "baseCommissionPrecision": _PRECISION,
        "quoteCommissionPrecision": _PRECISION,
        "orderTypes": ORDER_TYPES,
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": symbol_filters(instrument),
        # Binance has moved them into the sets; old clients look here.
        "permissions": ["SPOT"],
        "defaultSelfTradePreventionMode": DEFAULT_SELF_TRADE_PREVENTION,
        "allowedSelfTradePreventionModes": SELF_TRADE_PREVENTION,
    }


async def _execution_rules(call: Call) -> dict[str, Any]:
    values = call.values
    given = sum(values[name] is not None for name in ("symbol", "symbols", "symbolStatus"))
    if given > 1:
        raise error("PARAMETERS")
    return {
        "symbolRules": [
            {"symbol": market.instrument.symbol, "rules": []} for market in chosen_markets(call)
        ]
    }


def _execution_rules_weight(values: Mapping[str, Any]) -> int:
    if values["symbol"] is not None:
        return 2
    return 40 if values["symbols"] is None else min(2 * len(values["symbols"]), 40)


async def _reference_price(call: Call) -> dict[str, Any]:
    one_market(call)
    raise error("NO_REFERENCE_PRICE")


_FLAGS = dict.fromkeys(
    (
        *("icebergAllowed", "ocoAllowed", "otoAllowed", "opoAllowed", "allowTrailingStop"),
        *("quoteOrderQtyMarketAllowed", "cancelReplaceAllowed", "amendAllowed"),
        *("pegInstructionsAllowed", "isSpotTradingAllowed", "isMarginTradingAllowed"),
    ),
    FLAG,
)
_PRECISIONS = dict.fromkeys(
    (
        *("baseAssetPrecision", "quotePrecision", "quoteAssetPrecision"),
        *("baseCommissionPrecision", "quoteCommissionPrecision"),
    ),
    NUMBER,
)
_FILTER: Shape = {
    "type": "object",
    "properties": {"filterType": TEXT},
    "required": ["filterType"],
}
_SYMBOL_INFO = record(
    symbol=TEXT,
    status=choice("TRADING", "HALT", "CANCEL_ONLY"),
    baseAsset=TEXT,
    quoteAsset=TEXT,
    orderTypes=listed(choice(*ORDER_TYPES)),
    filters=listed(_FILTER),
    permissions=listed(TEXT),
    permissionSets=listed(listed(TEXT)),
    defaultSelfTradePreventionMode=choice(*SELF_TRADE_PREVENTION),
    allowedSelfTradePreventionModes=listed(choice(*SELF_TRADE_PREVENTION)),
    **_FLAGS,
    **_PRECISIONS,
)
_RATE_LIMIT = record(rateLimitType=TEXT, interval=TEXT, intervalNum=NUMBER, limit=NUMBER)

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/exchangeInfo",
        old_paths=("/api/v1/exchangeInfo",),
        handle=_exchange_info,
        summary="Symbols and the rules for trading them.",
        weight=20,
        parameters=(
            ANY_SYMBOL,
            SYMBOLS,
            Parameter(name="permissions", description='SPOT, or a list: ["SPOT","MARGIN"].'),
            Parameter(name="showPermissionSets", kind="flag", default=True),
            SYMBOL_STATUS,
        ),
        ws_method="exchangeInfo",
        replies=record(
            timezone=TEXT,
            serverTime=TIME,
            rateLimits=listed(_RATE_LIMIT),
            exchangeFilters=listed(_FILTER),
            symbols=listed(_SYMBOL_INFO),
        ),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/executionRules",
        handle=_execution_rules,
        summary="Price ranges for executions: no symbol here has any.",
        weight=_execution_rules_weight,
        parameters=(ANY_SYMBOL, SYMBOLS, SYMBOL_STATUS),
        ws_method="executionRules",
        replies=record(symbolRules=listed(record(symbol=TEXT, rules=listed({"type": "object"})))),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/referencePrice",
        handle=_reference_price,
        summary="The reference price: no symbol here has one; filters take the average price.",
        weight=2,
        parameters=(SYMBOL,),
        ws_method="referencePrice",
    ),
    Endpoint(
        method="GET",
        path="/api/v3/referencePrice/calculation",
        handle=_reference_price,
        summary="How the reference price is reckoned: no symbol here has one.",
        weight=2,
        parameters=(SYMBOL, SYMBOL_STATUS),
        ws_method="referencePrice.calculation",
    ),
)
