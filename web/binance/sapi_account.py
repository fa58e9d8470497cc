"""What clients ask about an account beside trading: its rights, and services that are not here."""

from typing import Any

from schemas.amounts import format_units
from web.auth.caller import Scope
from web.auth.security import Security
from web.binance.endpoint import Call, Endpoint
from web.binance.parameters import Parameter
from web.binance.shapes import AMOUNT, FLAG, NUMBER, TEXT, Shape, listed, record

_NONE = "0.00000000"
_NOTHING: Shape = {"type": "array", "maxItems": 0}


async def _status(_call: Call) -> dict[str, str]:
    return {"data": "Normal"}


async def _trading_status(_call: Call) -> dict[str, Any]:
    # No limit of these is kept here, so none was ever exceeded.
    return {
        "data": {
            "isLocked": False,
            "plannedRecoverTime": 0,
            "triggerCondition": {},
            "updateTime": 0,
        }
    }


async def _rights(call: Call) -> dict[str, bool]:
    assert call.caller is not None
    scopes = call.caller.scopes
    return {
        "ipRestrict": False,
        "enableReading": Scope.READ in scopes,
        "enableSpotAndMarginTrading": Scope.TRADE in scopes,
        "enableWithdrawals": Scope.WITHDRAW in scopes,
        **dict.fromkeys(_NOT_HERE, False),
    }


async def _owned(call: Call) -> list[dict[str, str]]:
    wanted = call.values["asset"]
    return [
        {
            "asset": asset,
            "free": format_units(balance.available_units),
            "locked": format_units(balance.held_units),
            **dict.fromkeys(_ALWAYS_NONE, _NONE),
        }
        for asset, balance in sorted(call.gateway.balances.of(call.account_id).items())
        if wanted in (None, asset) and (balance.available_units or balance.held_units)
    ]


async def _nothing(_call: Call) -> list[Any]:
    return []


async def _no_dust(_call: Call) -> dict[str, Any]:
    return {"total": 0, "userAssetDribblets": []}


async def _no_rows(_call: Call) -> dict[str, Any]:
    return {"total": 0, "rows": []}


_NOT_HERE = (
    "enableInternalTransfer",
    "enableMargin",
    "enableFutures",
    "enableVanillaOptions",
    "enablePortfolioMarginTrading",
    "permitsUniversalTransfer",
)
_ALWAYS_NONE = ("freeze", "withdrawing", "ipoable", "btcValuation")
_ASSET = Parameter(name="asset")
_IN_BTC = Parameter(name="needBtcValuation", kind="flag", description="Taken; 0 is answered.")
_TIMES = (Parameter(name="startTime", kind="time"), Parameter(name="endTime", kind="time"))


def _told(path: str, handle: Any, summary: str, replies: Shape, *asked: Parameter) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        handle=handle,
        summary=summary,
        security=Security.USER_DATA,
        parameters=asked,
        replies=replies,
    )


def _held(path: str, handle: Any, summary: str, replies: Shape) -> Endpoint:
    """Binance has these behind POST, though they change nothing."""
    return Endpoint(
        method="POST",
        path=path,
        handle=handle,
        summary=summary,
        security=Security.USER_DATA,
        parameters=(_ASSET, _IN_BTC),
        replies=replies,
    )


ENDPOINTS = (
    _told(
        "/sapi/v1/account/status",
        _status,
        "Whether the account is in order: it is.",
        record(data=TEXT),
    ),
    _told(
        "/sapi/v1/account/apiTradingStatus",
        _trading_status,
        "Whether trading by keys is locked for having traded badly: it never is.",
        record(
            data=record(
                isLocked=FLAG,
                plannedRecoverTime=NUMBER,
                triggerCondition={"type": "object", "maxProperties": 0},
                updateTime=NUMBER,
            )
        ),
    ),
    _told(
        "/sapi/v1/account/apiRestrictions",
        _rights,
        "What the key may do.",
        record(
            ipRestrict=FLAG,
            enableReading=FLAG,
            enableSpotAndMarginTrading=FLAG,
            enableWithdrawals=FLAG,
            **dict.fromkeys(_NOT_HERE, FLAG),
        ),
    ),
    _held(
        "/sapi/v3/asset/getUserAsset",
        _owned,
        "Assets that the account has.",
        listed(
            record(asset=TEXT, free=AMOUNT, locked=AMOUNT, **dict.fromkeys(_ALWAYS_NONE, AMOUNT))
        ),
    ),
    _held(
        "/sapi/v1/asset/get-funding-asset",
        _nothing,
        "Assets in a wallet for funding: there is none.",
        _NOTHING,
    ),
    _told(
        "/sapi/v1/asset/dribblet",
        _no_dust,
        "Small amounts that were made into BNB: there are none.",
        record(total=NUMBER, userAssetDribblets=_NOTHING),
        *_TIMES,
        Parameter(name="accountType"),
    ),
    _told(
        "/sapi/v1/asset/assetDividend",
        _no_rows,
        "Dividends of assets: there are none.",
        record(total=NUMBER, rows=_NOTHING),
        _ASSET,
        *_TIMES,
        Parameter(name="limit", kind="integer"),
    ),
    _told(
        "/sapi/v1/asset/transfer",
        _no_rows,
        "Transfers between wallets: there is one wallet.",
        record(total=NUMBER, rows=_NOTHING),
        Parameter(name="type", is_required=True),
        *_TIMES,
        Parameter(name="current", kind="integer"),
        Parameter(name="size", kind="integer"),
        Parameter(name="fromSymbol"),
        Parameter(name="toSymbol"),
    ),
)
