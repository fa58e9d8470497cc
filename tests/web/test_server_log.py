"""What the server of the gateway says in its log of itself."""

import asyncio
import logging
from typing import Any

import pytest
from uvicorn.server import ServerState

from tests.web.still_transport import StillTransport
from web.fanout.direct import FrameProtocol
from web.server import server_config
from web.settings import GatewaySettings

LISTEN_KEY = "k" * 64
HANDSHAKE = (
    f"GET /ws/{LISTEN_KEY} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def _accepts(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


def test_a_listen_key_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def connect() -> bytes:
        config = server_config(_accepts, GatewaySettings())
        config.load()
        state, transport = ServerState(), StillTransport()
        protocol = FrameProtocol(config, state, {})
        protocol.connection_made(transport)
        protocol.data_received(HANDSHAKE.encode())
        while not transport.waiting:
            await asyncio.sleep(0)
        protocol.connection_lost(None)
        await asyncio.gather(*state.tasks)
        return transport.waiting

    with caplog.at_level(logging.INFO):
        assert asyncio.run(connect()).startswith(b"HTTP/1.1 101 ")

    assert LISTEN_KEY not in caplog.text
