"""Clients that send slowly or do not read, without a socket: the protocol ends them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from tests.web.still_transport import StillTransport
from web.edge.slow_clients import SlowClientProtocol
from web.fanout.wire import FULL_BYTES

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
LARGE = b"x" * (FULL_BYTES + 1)
Play = Callable[[SlowClientProtocol, StillTransport], Awaitable[None]]


class _App:
    """Reads a body, and answers with much when it may."""

    def __init__(self) -> None:
        self.went_away = 0
        self.may_answer = asyncio.Event()

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            self.went_away += 1
            return
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": LARGE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _app_of(protocol: SlowClientProtocol) -> _App:
    return cast(_App, protocol.config.app)


def meet(play: Play, **seconds: float) -> _App:
    """The application, when a client has come that does what ``play`` says."""

    async def run() -> _App:
        app = _App()
        config = uvicorn.Config(app, log_config=None, access_log=False)
        config.load()
        state, transport = ServerState(), StillTransport()
        protocol = type("Protocol", (SlowClientProtocol,), seconds)(config, state, {})
        transport.protocol = protocol
        protocol.connection_made(transport)
        async with asyncio.timeout(10):
            await play(protocol, transport)
            protocol.connection_lost(None)
            await asyncio.gather(*state.tasks)
        return app

    return asyncio.run(run())


@pytest.mark.parametrize("begun", [b"", b"G", HEAD[:-2]])
def test_a_request_that_does_not_come_is_not_waited_for(begun: bytes) -> None:
    async def play(protocol: SlowClientProtocol, transport: StillTransport) -> None:
        if begun:
            protocol.data_received(begun)
        await transport.is_closed.wait()
        assert transport.read().startswith(b"HTTP/1.1 408 ")

    meet(play, request_seconds=0.01)


def test_who_was_refused_is_not_refused_again() -> None:
    async def play(protocol: SlowClientProtocol, transport: StillTransport) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, about: faults.append(about))
        protocol.data_received(b"no request at all\r\n\r\n")
        assert transport.read().startswith(b"HTTP/1.1 400 ")
        await transport.is_closed.wait()

    faults: list[Any] = []
    meet(play, request_seconds=0.01)
    assert faults == []


def test_a_body_that_does_not_end_is_not_waited_for() -> None:
    async def play(protocol: SlowClientProtocol, transport: StillTransport) -> None:
        protocol.data_received(HEAD + b"ab")
        await transport.is_closed.wait()
        # Its request is being worked on: nothing is written into that answer.
        assert transport.read() == b""

    assert meet(play, request_seconds=0.01).went_away == 1


def test_a_client_that_waits_for_its_answer_is_let_be() -> None:
    async def play(protocol: SlowClientProtocol, transport: StillTransport) -> None:
        protocol.data_received(HEAD + b"abcd")
        later = asyncio.Event()
        protocol.loop.call_later(0.05, later.set)
        await later.wait()
        assert not transport.is_closing()
        _app_of(protocol).may_answer.set()

    meet(play, request_seconds=0.01)


def test_the_second_request_of_a_connection_is_not_waited_for_either() -> None:
    async def play(protocol: SlowClientProtocol, transport: StillTransport) -> None:
        _app_of(protocol).may_answer.set()
        protocol.data_received(HEAD + b"abcd")
        while not protocol.cycle.response_complete:
            transport.read()
            await asyncio.sleep(0)
        protocol.data_received(HEAD[:5])
        await transport.is_closed.wait()
        assert transport.read().endswith(b"connection: close\r\n\r\n")

    meet(play, request_seconds=0.01)


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async def play(protocol: SlowClientProtocol, transport: StillTransport) -> None:
        _app_of(protocol).may_answer.set()
        protocol.data_received(HEAD + b"abcd")
        await transport.is_aborted.wait()

    meet(play, close_seconds=0.01)


def test_an_answer_that_is_read_is_not() -> None:
    async def play(protocol: SlowClientProtocol, transport: StillTransport) -> None:
        _app_of(protocol).may_answer.set()
        protocol.data_received(HEAD + b"abcd")
        while not protocol.cycle.response_complete:
            transport.read()
            await asyncio.sleep(0)
        later = asyncio.Event()
        protocol.loop.call_later(0.05, later.set)
        await later.wait()
        assert not transport.is_aborted.is_set()

    meet(play, close_seconds=0.01)
