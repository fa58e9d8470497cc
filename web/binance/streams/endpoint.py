"""The addresses of market streams, and what happens on a connection."""

import asyncio
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

import orjson
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from web.binance.errors import ERRORS, BinanceError, error
from web.binance.streams.attempts import Attempts
from web.binance.streams.control import Control
from web.fanout.connection import POLICY_VIOLATION, Connection
from web.fanout.serving import serve_connection
from web.gateway import Gateway
from web.userdata.listen_key_channels import ListenKeyChannels

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
        self._listen_keys = ListenKeyChannels(
            gateway.fanout, gateway.listen_keys, gateway.user_data
        )
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
        streams_max = self._settings.connection_streams
        control = Control(is_combined=is_combined, streams_max=streams_max)
        try:
            in_microseconds = self._admit(websocket)
            joined = control.begin(names)
            if joined is None:
                raise error("TOO_LARGE", name="streams", most=streams_max)
            # Before the handshake is over: whoever is connected misses nothing.
            accounts, unknown = await self._listen_keys.look_up(joined)
        except BinanceError as refused:
            body = orjson.dumps(refused.as_json())
            await websocket.send_denial_response(Response(body, refused.status))
            return

        def begin(connection: Connection) -> None:
            self._join(connection, joined, accounts)
            if unknown:
                connection.close(POLICY_VIOLATION, ERRORS["LISTEN_KEY"][1])

        async def answer(connection: Connection, text: str) -> None:
            await self._answer(connection, control, text)

        await serve_connection(
            websocket,
            self._fanout,
            self._settings,
            is_combined=is_combined,
            in_microseconds=in_microseconds,
            on_open=begin,
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

    async def _answer(self, connection: Connection, control: Control, text: str) -> None:
        answer = control.answer(text)
        try:
            accounts, unknown = await self._listen_keys.look_up(answer.joined)
            if unknown:
                raise error("LISTEN_KEY")
        except BinanceError as refused:
            answer = control.take_back(answer, refused.as_json())
            accounts = {}
        for name in answer.left:
            self._fanout.leave(connection, name)
        if answer.combined is not None:
            connection.combine(answer.combined)
        connection.reply(answer.reply)
        self._join(connection, answer.joined, accounts)

    def _join(
        self, connection: Connection, names: Iterable[str], accounts: Mapping[str, str]
    ) -> None:
        with self._listen_keys.expecting(accounts):
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
