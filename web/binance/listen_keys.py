"""The endpoints of listen keys, which Binance has retired and older bots still use."""

from typing import Any

from web.auth.security import Security
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.binance.parameters import Parameter
from web.userdata.subscription import ByListenKey

_LISTEN_KEY = Parameter(name="listenKey", is_required=True, description="What POST has given.")


async def _open(call: Call) -> dict[str, Any]:
    _require_listen_keys(call)
    return {"listenKey": await call.gateway.listen_keys.open(call.account_id)}


async def _extend(call: Call) -> dict[str, Any]:
    _require_listen_keys(call)
    if not await call.gateway.listen_keys.extend(call.account_id, call.values["listenKey"]):
        raise error("LISTEN_KEY")
    return {}


async def _close(call: Call) -> dict[str, Any]:
    _require_listen_keys(call)
    listen_key = call.values["listenKey"]
    if not await call.gateway.listen_keys.close(call.account_id, listen_key):
        raise error("LISTEN_KEY")
    # Other processes see it when they look next.
    call.gateway.user_data.end(ByListenKey(listen_key))
    return {}


def _require_listen_keys(call: Call) -> None:
    if not call.gateway.settings.listen_keys:
        raise error("GONE")


def _endpoint(
    method: str, handle: Any, summary: str, ws_method: str, *takes: Parameter
) -> Endpoint:
    return Endpoint(
        method=method,
        path="/api/v3/userDataStream",
        handle=handle,
        summary=summary,
        security=Security.USER_STREAM,
        weight=2,
        parameters=takes,
        ws_method=ws_method,
    )


ENDPOINTS = (
    _endpoint(
        "POST",
        _open,
        "The account's listen key: its stream's name, good for 60 minutes.",
        "userDataStream.start",
    ),
    _endpoint(
        "PUT",
        _extend,
        "Makes a listen key good for another 60 minutes.",
        "userDataStream.ping",
        _LISTEN_KEY,
    ),
    _endpoint(
        "DELETE",
        _close,
        "Takes a listen key away, and closes the streams that it has opened.",
        "userDataStream.stop",
        _LISTEN_KEY,
    ),
)
