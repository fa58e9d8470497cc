"""What the server of the gateway says in its log of itself."""

import asyncio
import logging
from typing import Any

import pytest
from uvicorn.server import ServerState

from tests.web.offline_gateway import OfflineGateway
from tests.web.still_transport import StillTransport
from web.fanout.direct import FrameProtocol
from web.server import server_config
from web.settings import GatewaySettings

LISTEN_KEY = "k" * 64
HEADERS = (
    " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
NO_TEXT = b"\x81\x82\0\0\0\0\xff\xfe"
"""A masked frame that says it is a text."""


async def _accepts(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    assert (await receive())["type"] == "websocket.disconnect"


def answer_to(app: Any, target: str, more: bytes = b"") -> bytes:
    """What is written to who opens a WebSocket there, and then sends more."""

    async def connect() -> bytes:
        config = server_config(app, GatewaySettings())
        config.load()
        state, transport = ServerState(), StillTransport()
        protocol = FrameProtocol(config, state, {})
        protocol.connection_made(transport)
        protocol.data_received(f"GET {target}{HEADERS}".encode())
        while not transport.waiting:
            await asyncio.sleep(0)
        if more:
            protocol.data_received(more)
        protocol.connection_lost(None)
        await asyncio.gather(*state.tasks)
        return transport.waiting

    return asyncio.run(connect())


def test_a_listen_key_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert answer_to(_accepts, f"/ws/{LISTEN_KEY}").startswith(b"HTTP/1.1 101 ")

    assert LISTEN_KEY not in caplog.text


@pytest.mark.parametrize(
    ("target", "status"), [("*", 403), ("/none", 403), ("/ws?timeUnit=DAY", 400)]
)
def test_who_may_not_connect_is_no_fault(
    target: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert answer_to(OfflineGateway().app, target).startswith(b"HTTP/1.1 %d " % status)

    assert caplog.records == []


def test_what_is_no_text_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    told = answer_to(_accepts, "/ws", NO_TEXT)

    assert told.endswith(b"\x88\x02" + (1007).to_bytes(2, "big"))
    assert caplog.records == []
