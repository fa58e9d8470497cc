"""What clients ask of Binance's other services before they trade at all."""

from typing import Any

from schemas.amounts import format_ppm, format_units
from schemas.instruments import assets_of
from web.auth.security import Security
from web.binance.endpoint import Call, Endpoint
from web.binance.market_choice import ANY_SYMBOL
from web.binance.reply import TimeMs
from web.binance.shapes import AMOUNT, FLAG, NUMBER, TEXT, TIME, Shape, listed, record
from web.clock import now_ms
from web.state.balances import Balance

_NOTHING: Shape = {"type": "array", "maxItems": 0}
_NONE = "0.00000000"
_EMPTY = Balance(0, 0)


async def _system_status(_call: Call) -> dict[str, Any]:
    return {"status": 0, "msg": "normal"}


async def _nothing(_call: Call) -> list[Any]:
    return []


async def _trade_fees(call: Call) -> list[dict[str, str]]:
    instruments, one = call.gateway.instruments, call.values["symbol"]
    return [
        {
            "symbol": each.symbol,
            "makerCommission": format_ppm(each.maker_rate_ppm),
            "takerCommission": format_ppm(each.taker_rate_ppm),
        }
        for each in (instruments.values() if one is None else [one])
    ]


async def _coins(call: Call) -> list[dict[str, Any]]:
    balances = call.gateway.balances.of(call.account_id)
    return [
        {
            "coin": asset,
            "name": asset,
            "free": format_units(balances.get(asset, _EMPTY).available_units),
            "locked": format_units(balances.get(asset, _EMPTY).held_units),
            **dict.fromkeys(_ALWAYS_NONE, _NONE),
            "depositAllEnable": True,
            "withdrawAllEnable": True,
            "trading": True,
            "isLegalMoney": False,
            # Money comes and goes by the wallet, not over networks.
            "networkList": [],
        }
        for asset in sorted(assets_of(call.gateway.instruments))
    ]


async def _no_futures(_call: Call) -> dict[str, Any]:
    return {
        "timezone": "UTC",
        "serverTime": TimeMs(now_ms()),
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
    }


_ALWAYS_NONE = ("freeze", "withdrawing", "ipoing", "ipoable", "storage")
_COIN = record(
    coin=TEXT,
    name=TEXT,
    free=AMOUNT,
    locked=AMOUNT,
    **dict.fromkeys(_ALWAYS_NONE, AMOUNT),
    depositAllEnable=FLAG,
    withdrawAllEnable=FLAG,
    trading=FLAG,
    isLegalMoney=FLAG,
    networkList=_NOTHING,
)
_NO_FUTURES = record(
    timezone=TEXT,
    serverTime=TIME,
    rateLimits=_NOTHING,
    exchangeFilters=_NOTHING,
    assets=_NOTHING,
    symbols=_NOTHING,
)

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/sapi/v1/system/status",
        handle=_system_status,
        summary="Whether there is maintenance: there is none.",
        replies=record(status=NUMBER, msg=TEXT),
    ),
    Endpoint(
        method="GET",
        path="/sapi/v1/asset/tradeFee",
        handle=_trade_fees,
        security=Security.USER_DATA,
        summary="Commission rates by symbol.",
        parameters=(ANY_SYMBOL,),
        replies=listed(record(symbol=TEXT, makerCommission=AMOUNT, takerCommission=AMOUNT)),
    ),
    Endpoint(
        method="GET",
        path="/sapi/v1/capital/config/getall",
        handle=_coins,
        security=Security.USER_DATA,
        summary="Assets, and what the account has of them.",
        weight=10,
        replies=listed(_COIN),
    ),
    *(
        Endpoint(
            method="GET",
            path=f"/sapi/v1/margin/{which}allPairs",
            handle=_nothing,
            security=Security.USER_STREAM,
            summary="Symbols that are traded on margin: there are none.",
            replies=_NOTHING,
        )
        for which in ("", "isolated/")
    ),
    *(
        Endpoint(
            method="GET",
            path=f"/{which}/v1/exchangeInfo",
            handle=_no_futures,
            summary="Futures: there are none.",
            replies=_NO_FUTURES,
        )
        for which in ("fapi", "dapi")
    ),
)
