"""User data as older bots get it: ``/ws/<listenKey>``, and ``/stream?streams=<listenKey>``."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.websockets import WebSocket

from web.binance.errors import ERRORS, BinanceError
from web.connection import GOING_AWAY, POLICY, Connection
from web.gateway import Gateway
from web.userdata.event import Event
from web.userdata.private_streams import Close, PrivateStreams

_MICROSECOND = "MICROSECOND"
_NO_SUCH_KEY = ERRORS["LISTEN_KEY"][1]


class ListenKeySockets:
    """Serves one connection after another."""

    def __init__(self, gateway: Gateway) -> None:
        self._streams = PrivateStreams(gateway.listen_keys, gateway.user_data)

    async def serve(self, websocket: WebSocket, names: Iterable[str], *, is_wrapped: bool) -> None:
        """Send events as they are, or with the name of their stream around them."""
        connection = Connection(websocket)
        query = dict(parse_qsl(websocket.scope["query_string"].decode("latin-1")))
        in_microseconds = query.get("timeUnit", "").upper() == _MICROSECOND
        closes: list[Close] = []
        try:
            for name in names:
                close = await self._open(connection, name, in_microseconds, is_wrapped)
                if close is None:
                    connection.close(POLICY, _NO_SUCH_KEY)
                    break
                closes.append(close)
            # Only now: whoever is connected misses nothing.
            await websocket.accept()
            await connection.run(_ignore)
        finally:
            for close in closes:
                close()

    async def _open(
        self, connection: Connection, name: str, in_microseconds: bool, is_wrapped: bool
    ) -> Close | None:
        before = f'{{"stream":"{name}","data":' if is_wrapped else ""

        def deliver(event: Event) -> None:
            if is_wrapped:
                connection.send(event.framed(before, in_microseconds=in_microseconds))
            else:
                connection.send(event.text(in_microseconds=in_microseconds))

        try:
            return await self._streams.open(
                name, deliver, lambda: connection.close(1000, "The listenKey has expired.")
            )
        except BinanceError as refused:
            connection.close(GOING_AWAY, refused.message)
            return None


async def _ignore(_message: str | bytes) -> None:
    """Nothing is asked for on these connections."""
