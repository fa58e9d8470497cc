"""A WebSocket from its acceptance to its end: the frame that all kinds of connections share."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from web.fanout.connection import Connection
from web.fanout.direct import direct_wire
from web.fanout.fanout import Fanout
from web.fanout.wire import AsgiWire, Wire, first_of
from web.settings import GatewaySettings

_GOING_AWAY = 1001

OnText = Callable[[Connection, str], Awaitable[None]]


async def serve_connection(
    websocket: WebSocket,
    fanout: Fanout,
    settings: GatewaySettings,
    *,
    is_combined: bool = False,
    in_microseconds: bool = False,
    messages_per_second: int | None = None,
    subprotocol: str | None = None,
    on_open: Callable[[Connection], None] = lambda connection: None,
    on_text: OnText,
) -> None:
    """Accept a client, and return when it is gone.

    ``on_open`` is called before the first message is read; ``on_text`` with each message, and the
    next one is read when it has returned.
    """
    if messages_per_second is None:
        messages_per_second = settings.connection_messages_per_second
    connection: Connection | None = None
    try:
        await websocket.accept(subprotocol)
        wire: Wire = direct_wire(websocket.scope) or AsgiWire(
            websocket.send, close_seconds=settings.close_seconds
        )
        connection = Connection(
            fanout,
            wire,
            is_combined=is_combined,
            in_microseconds=in_microseconds,
            queue_bytes=settings.connection_queue_bytes,
            messages_per_second=messages_per_second,
        )
        on_open(connection)
        listening = _listen(websocket, connection, on_text, settings.connection_seconds)
        if isinstance(wire, AsgiWire):
            await first_of(listening, wire.run())
        else:
            await listening
    except WebSocketDisconnect:
        # Gone before it was accepted, or while it was written to.
        pass
    finally:
        if connection is not None:
            connection.on_lost()


async def _listen(
    websocket: WebSocket, connection: Connection, on_text: OnText, life_seconds: float
) -> None:
    life = asyncio.get_running_loop().call_later(
        life_seconds, connection.close, _GOING_AWAY, "The connection is too old."
    )
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            connection.on_incoming()
            text = message.get("text")
            if text is None:
                text = (message.get("bytes") or b"").decode(errors="replace")
            if connection.is_open:
                await on_text(connection, text)
    finally:
        life.cancel()
