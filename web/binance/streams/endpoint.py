"""The addresses of market streams, and what happens on a connection."""

import asyncio
from collections.abc import Iterable
from urllib.parse import unquote

import orjson
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from web.binance.errors import BinanceError, error
from web.binance.listen_key_streams import ListenKeySockets
from web.binance.streams.attempts import Attempts
from web.binance.streams.control import Answer, Control
from web.fanout.connection import Connection
from web.fanout.direct import direct_wire
from web.fanout.wire import AsgiWire, Wire, first_of
from web.gateway import Gateway
from web.userdata.listen_keys import may_be_listen_key

_TIME_UNITS = {"": False, "MILLISECOND": False, "MICROSECOND": True}
_GOING_AWAY = 1001


def routes(gateway: Gateway) -> list[WebSocketRoute]:
    """``/ws`` and ``/stream``, and ``/stream/ws`` for clients that know spot by «/stream»."""
    streams = _StreamAddresses(gateway)
    return [
        WebSocketRoute("/ws", streams.raw),
        WebSocketRoute("/ws/{names:path}", streams.raw),
        WebSocketRoute("/stream/ws", streams.raw),
        WebSocketRoute("/stream/ws/{names:path}", streams.raw),
        WebSocketRoute("/stream", streams.combined),
    ]


class _StreamAddresses:
    """One gateway's."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._private = ListenKeySockets(gateway)
        self._attempts = Attempts(gateway.settings.connections_in_5_minutes)

    async def raw(self, websocket: WebSocket) -> None:
        """Messages as they are; a name that is no stream's is taken too, and stays silent."""
        names = websocket.path_params.get("names", "").split("/")
        await self._serve(websocket, names, is_combined=False)

    async def combined(self, websocket: WebSocket) -> None:
        """Messages with the names of their streams."""
        names = _query(websocket).get("streams", "").split("/")
        await self._serve(websocket, names, is_combined=True)

    async def _serve(
        self, websocket: WebSocket, names: Iterable[str], *, is_combined: bool
    ) -> None:
        names = list(names)
        if all(map(may_be_listen_key, names)):
            await self._private.serve(websocket, names, is_wrapped=is_combined)
            return
        settings = self._gateway.settings
        control = Control(is_combined=is_combined, streams_max=settings.connection_streams)
        try:
            in_microseconds = self._admit(websocket)
            joined = control.begin(names)
            if joined is None:
                raise error("TOO_LARGE", name="streams", most=settings.connection_streams)
        except BinanceError as refused:
            body = orjson.dumps(refused.as_json())
            await websocket.send_denial_response(Response(body, refused.status))
            return
        await websocket.accept()
        wire: Wire = direct_wire(websocket.scope) or AsgiWire(
            websocket.send, close_seconds=settings.close_seconds
        )
        connection = Connection(
            self._gateway.fanout,
            wire,
            is_combined=is_combined,
            in_microseconds=in_microseconds,
            queue_bytes=settings.connection_queue_bytes,
            messages_per_second=settings.connection_messages_per_second,
        )
        life = asyncio.get_running_loop().call_later(
            settings.connection_seconds, connection.close, _GOING_AWAY, "The connection is too old."
        )
        try:
            self._join(connection, joined)
            listening = self._listen(websocket, connection, control)
            if isinstance(wire, AsgiWire):
                await first_of(listening, wire.run())
            else:
                await listening
        finally:
            life.cancel()
            connection.on_lost()

    def _admit(self, websocket: WebSocket) -> bool:
        """Whether times are to be in microseconds; raises BinanceError."""
        unit = _query(websocket).get("timeUnit", "").upper()
        if unit not in _TIME_UNITS:
            raise error("TIME_UNIT")
        address = websocket.client.host if websocket.client else ""
        if not self._attempts.is_allowed(address, asyncio.get_running_loop().time()):
            raise error(
                "TOO_MANY_CONNECTIONS", limit=self._gateway.settings.connections_in_5_minutes
            )
        return _TIME_UNITS[unit]

    async def _listen(self, websocket: WebSocket, connection: Connection, control: Control) -> None:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            connection.on_incoming()
            text = message.get("text")
            if text is None:
                text = (message.get("bytes") or b"").decode(errors="replace")
            if connection.is_open:
                self._apply(connection, control.answer(text))

    def _apply(self, connection: Connection, answer: Answer) -> None:
        fanout = self._gateway.fanout
        for name in answer.left:
            fanout.leave(connection, name)
        if answer.combined is not None:
            connection.combine(answer.combined)
        connection.reply(answer.reply)
        self._join(connection, answer.joined)

    def _join(self, connection: Connection, names: Iterable[str]) -> None:
        for name in names:
            self._gateway.fanout.join(connection, name)
            self._gateway.fanout.tell_current(connection, name)


def _query(websocket: WebSocket) -> dict[str, str]:
    """The parameters of the address.

    A plus is a plus («@+08:00»), and a second question mark begins what an ampersand should:
    python-binance writes «?streams=…?timeUnit=…».
    """
    text = websocket.scope["query_string"].decode("latin-1").replace("?", "&")
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}
