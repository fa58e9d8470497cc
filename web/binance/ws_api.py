"""The WebSocket API: ``/ws-api/v3``.

Requests of one connection are answered as they are done, not one after the other; at most so many
are worked on at a time, and further ones wait in the client's socket.
"""

import asyncio
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from web.binance.endpoint import Endpoint
from web.binance.errors import BinanceError, error
from web.binance.reply import to_json
from web.binance.ws_request import read_flag
from web.binance.ws_session import Manner, WsSession
from web.connection import Connection
from web.gateway import Gateway

PATH = "/ws-api/v3"
_CONNECTING_WEIGHT = 2
_TIME_UNITS = {"MILLISECOND": False, "MICROSECOND": True}


def routes(gateway: Gateway, endpoints: Iterable[Endpoint]) -> list[WebSocketRoute]:
    """The WebSocket API over all endpoints that have a method in it."""
    api = _WsApi(gateway, {each.ws_method: each for each in endpoints if each.ws_method})
    return [WebSocketRoute(PATH, api.serve)]


class _WsApi:
    """Serves one connection after another."""

    def __init__(self, gateway: Gateway, methods: Mapping[str, Endpoint]) -> None:
        self._gateway = gateway
        self._methods = methods

    async def serve(self, websocket: WebSocket) -> None:
        """Talk with one client until it is gone."""
        try:
            manner = _manner(websocket.scope["query_string"].decode("latin-1"))
            await self._gateway.limiter.take(
                address=websocket.client.host if websocket.client else "",
                caller=None,
                weight=_CONNECTING_WEIGHT,
            )
        except BinanceError as refused:
            response = Response(
                to_json(refused.as_json()),
                refused.status,
                headers=dict(refused.headers),
                media_type="application/json;charset=UTF-8",
            )
            await websocket.send_denial_response(response)
            return
        await websocket.accept()
        connection = Connection(websocket)
        session = WsSession(self._gateway, self._methods, connection, manner)
        connection.on_closing = session.subscriptions.close
        try:
            await _talk(connection, session, self._gateway.settings.requests_at_once)
        finally:
            # A request may have subscribed while the connection was closed.
            session.subscriptions.close()


async def _talk(connection: Connection, session: WsSession, at_once: int) -> None:
    free = asyncio.Semaphore(at_once)
    running: set[asyncio.Task[None]] = set()

    async def answer(text: str) -> None:
        try:
            await session.answer(text)
        finally:
            free.release()

    async def begin(message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode("utf-8", "replace")
        await free.acquire()
        task = asyncio.create_task(answer(text))
        running.add(task)
        task.add_done_callback(running.discard)

    await connection.run(begin)
    # What was asked for is carried out, also if nobody waits for the answer.
    if running:
        await asyncio.wait(running)


def _manner(query: str) -> Manner:
    """How the URL asks for answers.

    Raises:
        BinanceError: it asks for what is not there.
    """
    asked = dict(parse_qsl(query, keep_blank_values=True))
    unit = asked.get("timeUnit", "MILLISECOND").upper()
    if unit not in _TIME_UNITS:
        raise error("TIME_UNIT")
    return Manner(
        in_microseconds=_TIME_UNITS[unit],
        return_rate_limits=read_flag("returnRateLimits", asked.get("returnRateLimits", "true")),
    )
