"""Halting a symbol and letting it trade again: for operators, at a path of ours."""

from typing import Any

from schemas.enums import SymbolStatus
from web.auth.security import Security
from web.binance.account_shapes import SYMBOL_STATUS
from web.binance.endpoint import Call, Endpoint
from web.binance.order_commands import ask, identity
from web.binance.order_parameters import SYMBOL
from web.binance.parameters import Parameter
from web.binance.rejections import placement_error
from web.binance.reply import TimeMs

_PATH = "/tradeflow/v1/symbol/status"


async def _set(call: Call) -> dict[str, Any]:
    return await _apply(call, call.values["status"])


async def _reset(call: Call) -> dict[str, Any]:
    return await _apply(call, "TRADING")


async def _apply(call: Call, status: SymbolStatus) -> dict[str, Any]:
    symbol = call.values["symbol"].symbol
    command = {**identity(call, symbol), "status": status}
    report = (await ask(call, "SetSymbolStatus", command))[-1]
    if report["execution_type"] != "STATUS_CHANGED":
        raise placement_error(report["reject_reason"])
    return {"symbol": symbol, "status": status, "transactTime": TimeMs(report["time_ms"])}


ENDPOINTS = (
    Endpoint(
        method="POST",
        path=_PATH,
        handle=_set,
        summary="Halt a symbol, or let orders be canceled alone.",
        security=Security.OPERATOR,
        parameters=(
            SYMBOL,
            Parameter(
                name="status",
                kind="choice",
                is_required=True,
                values=("TRADING", "HALT", "CANCEL_ONLY"),
            ),
        ),
        replies=SYMBOL_STATUS,
    ),
    Endpoint(
        method="DELETE",
        path=_PATH,
        handle=_reset,
        summary="Let a symbol trade again.",
        security=Security.OPERATOR,
        parameters=(SYMBOL,),
        replies=SYMBOL_STATUS,
    ),
)
