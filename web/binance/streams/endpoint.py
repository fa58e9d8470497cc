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
from web.binance.streams.control import Control
from web.fanout.connection import Connection
from web.fanout.serving import serve_connection
from web.gateway import Gateway
from web.userdata.listen_keys import may_be_listen_key

_TIME_UNITS = {"": False, "MILLISECOND": False, "MICROSECOND": True}


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
        self._fanout = gateway.fanout
        self._settings = gateway.settings
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
        streams_max = self._settings.connection_streams
        control = Control(is_combined=is_combined, streams_max=streams_max)
        try:
            in_microseconds = self._admit(websocket)
            joined = control.begin(names)
            if joined is None:
                raise error("TOO_LARGE", name="streams", most=streams_max)
        except BinanceError as refused:
            body = orjson.dumps(refused.as_json())
            await websocket.send_denial_response(Response(body, refused.status))
            return

        async def answer(connection: Connection, text: str) -> None:
            self._answer(connection, control, text)

        await serve_connection(
            websocket,
            self._fanout,
            self._settings,
            is_combined=is_combined,
            in_microseconds=in_microseconds,
            on_open=lambda connection: self._join(connection, joined),
            on_text=answer,
        )

    def _admit(self, websocket: WebSocket) -> bool:
        """Whether times are to be in microseconds; raises BinanceError."""
        unit = _query(websocket).get("timeUnit", "").upper()
        if unit not in _TIME_UNITS:
            raise error("TIME_UNIT")
        address = websocket.client.host if websocket.client else ""
        if not self._attempts.is_allowed(address, asyncio.get_running_loop().time()):
            raise error("TOO_MANY_CONNECTIONS", limit=self._settings.connections_in_5_minutes)
        return _TIME_UNITS[unit]

    def _answer(self, connection: Connection, control: Control, text: str) -> None:
        answer = control.answer(text)
        for name in answer.left:
            self._fanout.leave(connection, name)
        if answer.combined is not None:
            connection.combine(answer.combined)
        connection.reply(answer.reply)
        self._join(connection, answer.joined)

    def _join(self, connection: Connection, names: Iterable[str]) -> None:
        for name in names:
            self._fanout.join(connection, name)
            self._fanout.tell_current(connection, name)


def _query(websocket: WebSocket) -> dict[str, str]:
    """The parameters of the address.

    A plus is a plus («@+08:00»), and a second question mark begins what an ampersand should:
    python-binance writes «?streams=…?timeUnit=…».
    """
    text = websocket.scope["query_string"].decode("latin-1").replace("?", "&")
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}
