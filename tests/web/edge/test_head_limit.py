"""Heads that do not end, without a socket: what the protocol is fed, and what it answers."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from tests.web.still_transport import StillTransport
from web.edge.head_limit import HEAD_BYTES_MAX, HeadLimitProtocol

CHUNKED = b"POST /api/v3/order HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = b"a" * 4_096
TOO_LONG = b"HTTP/1.1 431 "
DONE = b"HTTP/1.1 200 "


async def _reads_all(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await _answers(_scope, receive, send)


async def _answers(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def answer_to(pieces: Iterable[bytes], app: Any = _reads_all) -> bytes:
    """What is answered to bytes that come in these pieces."""

    async def play() -> bytes:
        config = uvicorn.Config(app, log_config=None, access_log=False)
        config.load()
        state = ServerState()
        protocol, transport = HeadLimitProtocol(config, state, {}), StillTransport()
        protocol.connection_made(transport)
        for piece in pieces:
            protocol.data_received(piece)
        if not transport.waiting or app is _answers:
            await asyncio.gather(*state.tasks)
        protocol.connection_lost(None)
        await asyncio.gather(*state.tasks)
        return transport.waiting

    return asyncio.run(play())


@pytest.mark.parametrize("begun", [CHUNKED + b"0\r\nA: ", CHUNKED + b"2\r\nab\r\n0\r\nA"])
def test_headers_behind_a_body_have_an_end(begun: bytes) -> None:
    endless = [PIECE] * (2 * HEAD_BYTES_MAX // len(PIECE))

    assert answer_to([begun, *endless]).startswith(TOO_LONG)


def test_many_headers_behind_a_body_have_an_end() -> None:
    many = [b"A: aaaaaaaaaa\r\n"] * (HEAD_BYTES_MAX // 8)

    assert answer_to([CHUNKED + b"0\r\n", *many]).startswith(TOO_LONG)


def test_a_body_in_many_pieces_is_no_head() -> None:
    told = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (20 * len(PIECE))
    chunk = b"%x\r\n%s\r\n" % (len(PIECE), PIECE)

    assert answer_to([told, *[PIECE] * 20]).startswith(DONE)
    assert answer_to([CHUNKED, *[chunk] * 20, b"0\r\nA: b\r\n\r\n"]).startswith(DONE)
    assert answer_to([bytes([byte]) for byte in CHUNKED + chunk + b"0\r\n\r\n"]).startswith(DONE)


def test_what_came_whole_is_answered_whatever_is_behind_it() -> None:
    """To call it refused would be untrue: it is carried out."""
    whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"

    for behind in (b" world\r\n\r\n", b"GET /" + b"a" * 2 * HEAD_BYTES_MAX):
        answer = answer_to([whole + behind])

        assert answer.startswith(DONE)
        assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("app", [_reads_all, _answers])
def test_what_breaks_off_is_answered_once(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    answer = answer_to([CHUNKED + b"no size\r\n"], app)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert not [each for each in caplog.records if each.exc_info]
