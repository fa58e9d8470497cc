"""The WebSocket protocol against clients that send and do not read, without a socket."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from tests.web.still_transport import StillTransport
from web.fanout.direct import FrameProtocol
from web.fanout.wire import FULL_BYTES

PINGS = 2_000


class _Talk:
    """A server's protocol, and a client's that speaks to it."""

    def __init__(self, protocol: FrameProtocol, transport: StillTransport) -> None:
        self.protocol = protocol
        self.transport = transport
        self.client = ClientProtocol(parse_uri("ws://x/ws"))

    async def open(self) -> None:
        self.client.send_request(self.client.connect())
        self.say()
        while not self.transport.waiting:
            await asyncio.sleep(0)
        self.hear()

    def say(self) -> None:
        """Let the server read what the client sends."""
        for data in self.client.data_to_send():
            self.protocol.data_received(data)

    def hear(self) -> list[Any]:
        """What the client reads."""
        self.client.receive_data(self.transport.read())
        return self.client.events_received()


def talk_with(play: Callable[[_Talk], None]) -> list[str]:
    """The texts that the application is given while ``play`` lasts."""
    heard: list[str] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            heard.append(message["text"])

    async def run() -> None:
        config = uvicorn.Config(app, log_config=None, ws_ping_interval=None)
        config.load()
        state = ServerState()
        protocol, transport = FrameProtocol(config, state, {}), StillTransport()
        transport.protocol = protocol
        protocol.connection_made(transport)
        talk = _Talk(protocol, transport)
        await talk.open()
        play(talk)
        protocol.connection_lost(None)
        await asyncio.gather(*state.tasks)

    asyncio.run(run())
    return heard


def test_answers_to_pings_do_not_pile_up() -> None:
    def play(talk: _Talk) -> None:
        for number in range(PINGS):
            talk.client.send_ping(b"%0125d" % number)
            talk.say()
        assert len(talk.transport.waiting) < FULL_BYTES + 1_000

        pongs = [bytes(each.data) for each in (*talk.hear(), *talk.hear())]
        assert pongs[:2] == [b"%0125d" % 0, b"%0125d" % 1]
        assert pongs[-1] == b"%0125d" % (PINGS - 1)

        talk.client.send_ping(b"again")
        talk.say()
        assert [bytes(each.data) for each in talk.hear()] == [b"again"]

    talk_with(play)


@pytest.mark.parametrize("pieces", [["Hel", "", "lo"], ["", "Hello", ""], ["Hello", "", ""]])
def test_empty_pieces_of_a_message_are_not_kept(pieces: list[str]) -> None:
    def play(talk: _Talk) -> None:
        first, *middle, last = (each.encode() for each in pieces)
        talk.client.send_text(first, fin=False)
        for _ in range(1_000):
            talk.client.send_continuation(b"", fin=False)
        for each in middle:
            talk.client.send_continuation(each, fin=False)
        talk.say()
        assert len(talk.protocol.frames) <= len(pieces)
        talk.client.send_continuation(last, fin=True)
        talk.say()

    assert talk_with(play) == ["Hello"]
