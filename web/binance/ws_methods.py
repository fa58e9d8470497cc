"""Methods that the WebSocket API alone has: they are about the session itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from web.auth.security import Security
from web.binance.endpoint import Call
from web.binance.errors import error
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.clock import now_ms

if TYPE_CHECKING:
    from web.binance.ws_session import WsSession


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMethod:
    """A method of the session; it stands where an Endpoint does."""

    name: str
    handle: Callable[["WsSession", Call], Awaitable[Any]]
    summary: str
    security: Security = Security.NONE
    parameters: tuple[Parameter, ...] = ()
    needs_logon: bool = False
    """Whether a key alone does not do: the session must have proved it."""
    weight: int = 2
    orders: int = 0

    def weight_of(self, _values: Mapping[str, Any]) -> int:
        """The weight of one request."""
        return self.weight


async def _logon(session: "WsSession", call: Call) -> dict[str, Any]:
    assert call.caller is not None
    if session.caller is not None and session.caller.account_id != call.account_id:
        session.subscriptions.end_of_logon()
    session.caller = call.caller
    session.authorized_ms = now_ms()
    return _status(session)


async def _query(session: "WsSession", _call: Call) -> dict[str, Any]:
    return _status(session)


async def _logout(session: "WsSession", _call: Call) -> dict[str, Any]:
    session.subscriptions.end_of_logon()
    session.caller = None
    session.authorized_ms = None
    return _status(session)


def _status(session: "WsSession") -> dict[str, Any]:
    since_ms = session.authorized_ms
    return {
        "apiKey": session.caller.key if session.caller else None,
        "authorizedSince": None if since_ms is None else TimeMs(since_ms),
        "connectedSince": TimeMs(session.connected_ms),
        "returnRateLimits": session.manner.return_rate_limits,
        "serverTime": TimeMs(now_ms()),
        "userDataStream": bool(session.subscriptions.ids),
    }


async def _list(session: "WsSession", _call: Call) -> list[dict[str, int]]:
    return [{"subscriptionId": number} for number in session.subscriptions.ids]


async def _subscribe(session: "WsSession", call: Call) -> dict[str, int]:
    return _added(session, call, is_by_logon=True)


async def _subscribe_signed(session: "WsSession", call: Call) -> dict[str, int]:
    return _added(session, call, is_by_logon=False)


def _added(session: "WsSession", call: Call, *, is_by_logon: bool) -> dict[str, int]:
    assert call.caller is not None
    number = session.subscriptions.add(call.caller, is_by_logon=is_by_logon)
    return {"subscriptionId": number}


async def _unsubscribe(session: "WsSession", call: Call) -> dict[str, Any]:
    only = call.values["subscriptionId"]
    ended = [
        session.subscriptions.end(number)
        for number in (session.subscriptions.ids if only is None else [only])
    ]
    if not any(ended):
        raise error("NOT_SUBSCRIBED")
    return {}


_METHODS = (
    SessionMethod(
        name="session.logon",
        handle=_logon,
        summary="Proves a key once; later requests need neither key nor signature.",
        security=Security.LOGON,
    ),
    SessionMethod(
        name="session.status", handle=_query, summary="Whose key the session has, and since when."
    ),
    SessionMethod(
        name="session.logout",
        handle=_logout,
        summary="Forgets the key, and ends the subscription that rested on it.",
    ),
    SessionMethod(
        name="session.subscriptions", handle=_list, summary="The active subscriptions' ids."
    ),
    SessionMethod(
        name="userDataStream.subscribe",
        handle=_subscribe,
        summary="The events of the account that has logged on.",
        security=Security.USER_STREAM,
        needs_logon=True,
    ),
    SessionMethod(
        name="userDataStream.subscribe.signature",
        handle=_subscribe_signed,
        summary="The events of the account whose key has signed this request.",
        security=Security.USER_DATA,
    ),
    SessionMethod(
        name="userDataStream.unsubscribe",
        handle=_unsubscribe,
        summary="Ends one subscription, or all.",
        parameters=(Parameter(name="subscriptionId", kind="integer"),),
    ),
)
SESSION_METHODS = {method.name: method for method in _METHODS}
