"""The WebSocket API: ``/ws-api/v3``.

Requests of one connection are answered as they are done, not one after the other; at most so many
are worked on at a time, and further ones wait in the client's socket.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from web.binance.endpoint import Endpoint
from web.binance.errors import BinanceError, error
from web.binance.reply import to_json
from web.binance.ws_request import read_flag
from web.binance.ws_session import Manner, WsSession
from web.fanout.connection import Connection
from web.fanout.message import Message
from web.fanout.serving import serve_connection
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
        address = websocket.client.host if websocket.client else ""
        try:
            manner = _manner(websocket.scope["query_string"].decode("latin-1"))
            await self._gateway.limiter.take(
                address=address, caller=None, weight=_CONNECTING_WEIGHT
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
        talk = _Talk(self._gateway, self._methods, address, manner)
        try:
            await serve_connection(
                websocket,
                self._gateway.fanout,
                self._gateway.settings,
                in_microseconds=manner.in_microseconds,
                # Requests are weighed instead.
                messages_per_second=0,
                on_open=talk.begin,
                on_text=talk.ask,
            )
        finally:
            await talk.end()


class _Line:
    """A session's view of its connection."""

    def __init__(self, connection: Connection, address: str) -> None:
        self.address = address
        self._connection = connection
        self.send = connection.send
        self.close = connection.close

    async def send_answer(self, message: Message) -> None:
        """Send it, once the client has read most of what came before."""
        await self._connection.room()
        self._connection.send(message)


class _Talk:
    """A session, and the requests of it that are worked on."""

    def __init__(
        self, gateway: Gateway, methods: Mapping[str, Endpoint], address: str, manner: Manner
    ) -> None:
        self._about = gateway, methods, address, manner
        self._free = asyncio.Semaphore(gateway.settings.requests_at_once)
        self._running: set[asyncio.Task[None]] = set()
        self._session: WsSession | None = None

    def begin(self, connection: Connection) -> None:
        """The client is there."""
        gateway, methods, address, manner = self._about
        line = _Line(connection, address)
        self._session = session = WsSession(gateway, methods, line, manner)
        connection.on_close = session.subscriptions.close
        connection.goodbye = _goodbye

    async def ask(self, _connection: Connection, text: str) -> None:
        """Begin with a request, as soon as there is a place for it."""
        await self._free.acquire()
        task = asyncio.create_task(self._answer(text))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def end(self) -> None:
        """What was asked for is carried out, also if nobody waits for the answer."""
        if self._running:
            await asyncio.wait(self._running)
        if self._session is not None:
            # A request may have subscribed while the connection was closed.
            self._session.subscriptions.close()

    async def _answer(self, text: str) -> None:
        assert self._session is not None
        try:
            await self._session.answer(text)
        finally:
            self._free.release()


def _goodbye(event: dict[str, Any]) -> Message:
    return Message("", {"event": event})


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
