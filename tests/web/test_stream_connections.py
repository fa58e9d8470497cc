"""What clients may ask of a connection, and what they are told when it ends."""

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.chaos.exchange import await_condition
from tests.web.bare_streams import BareStreams, WireKind
from tests.web.stream_client import StreamClient
from web.binance.reply import TimeMs
from web.clock import now_ms

_TRADE = "btcusdt@trade"


@pytest.fixture(scope="module", params=["direct", "asgi"])
def streams(request: pytest.FixtureRequest) -> Iterator[BareStreams]:
    """A server over each kind of wire."""
    with BareStreams(request.param, connection_streams=10) as running:
        yield running


@pytest.mark.parametrize("path", [f"/ws/{_TRADE}", f"/stream/ws/{_TRADE}", f"/ws/0/{_TRADE}"])
def test_raw_streams(streams: BareStreams, path: str) -> None:
    with StreamClient(streams.url + path) as client:
        streams.await_listener(_TRADE)
        streams.tell(_TRADE, {"t": 5})

        assert client.await_message(bool, "a trade") == {"t": 5}


@pytest.mark.parametrize("path", ["/ws", "/ws/", "/ws/0", "/stream/ws", "/stream/ws/1"])
def test_raw_connections_on_which_streams_are_asked_for(streams: BareStreams, path: str) -> None:
    with StreamClient(streams.url + path) as client:
        answer = client.ask({"method": "SUBSCRIBE", "params": [_TRADE], "id": "a-b"})
        streams.tell(_TRADE, {"t": 6})

        assert answer == {"result": None, "id": "a-b"}
        assert client.await_message(bool, "a trade") == {"t": 6}


@pytest.mark.parametrize(
    "path",
    [
        f"/stream?streams={_TRADE}/bnbbtc@kline_1d@+08:00",
        "/stream?streams=btcusdt%40trade%2Fbnbbtc%40kline_1d%40%2B08%3A00",
        f"/stream?timeUnit=MILLISECOND&streams={_TRADE}/bnbbtc@kline_1d@+08:00",
    ],
)
def test_combined_streams(streams: BareStreams, path: str) -> None:
    with StreamClient(streams.url + path) as client:
        streams.await_listener("bnbbtc@kline_1d@+08:00")
        streams.tell(_TRADE, {"t": 7})
        streams.tell("bnbbtc@kline_1d@+08:00", {"k": 8})

        client.await_message(lambda each: "k" in each["data"], "a kline")
        assert client.messages == [
            {"stream": _TRADE, "data": {"t": 7}},
            {"stream": "bnbbtc@kline_1d@+08:00", "data": {"k": 8}},
        ]


@pytest.mark.parametrize(
    "query",
    [
        f"streams={_TRADE}&timeUnit=MICROSECOND",
        f"streams={_TRADE}&timeUnit=microsecond",
        # As python-binance writes it.
        f"streams={_TRADE}?timeUnit=microsecond",
    ],
)
def test_times_in_microseconds(streams: BareStreams, query: str) -> None:
    with StreamClient(f"{streams.url}/stream?{query}") as client:
        streams.await_listener(_TRADE)
        streams.tell(_TRADE, {"E": TimeMs(9), "t": 9})

        message = client.await_message(bool, "a trade")
        assert message == {"stream": _TRADE, "data": {"E": 9_000, "t": 9}}


def test_refuses_an_unknown_time_unit(streams: BareStreams) -> None:
    status, body = _refusal(f"{streams.url}/ws/{_TRADE}?timeUnit=HOUR")

    assert (status, body["code"]) == (400, -1194)


def test_refuses_more_streams_than_it_serves(streams: BareStreams) -> None:
    names = "/".join(f"s{number}@trade" for number in range(11))

    status, body = _refusal(f"{streams.url}/stream?streams={names}")

    assert (status, body["code"]) == (400, -1102)
    assert "Cannot be greater than 10" in body["msg"]


def _refusal(url: str) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as refused, connect(url):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body)


def test_is_told_no_more_of_what_it_leaves(streams: BareStreams) -> None:
    with StreamClient(f"{streams.url}/ws/{_TRADE}/bnbbtc@trade") as client:
        client.ask({"method": "UNSUBSCRIBE", "params": [_TRADE], "id": 1})
        streams.tell(_TRADE, "left")
        streams.tell("bnbbtc@trade", "kept")

        client.await_message(lambda each: each == "kept", "what it listens to")
        assert client.messages == ["kept"]
        listed = client.ask({"method": "LIST_SUBSCRIPTIONS", "id": 2})
        assert listed == {"result": ["bnbbtc@trade"], "id": 2}


def test_combines_when_it_is_asked_to(streams: BareStreams) -> None:
    with StreamClient(f"{streams.url}/ws/{_TRADE}") as client:
        streams.await_listener(_TRADE)
        streams.tell(_TRADE, 1)
        client.ask({"method": "SET_PROPERTY", "params": ["combined", True], "id": 1})
        streams.tell(_TRADE, 2)

        client.await_message(lambda each: each != 1, "the second message")
        assert client.messages == [1, {"stream": _TRADE, "data": 2}]
        answer = client.ask({"method": "GET_PROPERTY", "params": ["combined"], "id": None})
        assert answer == {"result": True, "id": None}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"id":1}', "\U0001f600", "x" * 10_000])
def test_answers_noise(streams: BareStreams, text: str) -> None:
    with StreamClient(f"{streams.url}/ws") as client:
        answer = client.ask(text)

        assert answer["error"]["code"] in (2, 3)


def test_answers_what_is_sent_as_bytes(streams: BareStreams) -> None:
    with StreamClient(f"{streams.url}/ws") as client:
        client.connection.send(b'{"method":"LIST_SUBSCRIPTIONS","id":1}')
        client.connection.send(b"\xff\xfe")
        await_condition(lambda: len(client.answers) == 2, "both answers")

        assert client.answers[0] == {"result": [], "id": 1}
        assert client.answers[1]["error"]["code"] == 3


def test_closes_a_message_that_is_too_large(streams: BareStreams) -> None:
    with StreamClient(f"{streams.url}/ws") as client:
        client.connection.send("x" * (64 * 1024 + 1))

        assert client.await_close()[0] == 1009


def test_forgets_who_is_gone(streams: BareStreams) -> None:
    with StreamClient(f"{streams.url}/ws/{_TRADE}"):
        streams.await_listener(_TRADE)
    await_condition(lambda: not streams.fanout.channel(_TRADE), "the channel to end")
    await_condition(lambda: len(streams.fanout) == 0, "the connection to be forgotten")


def test_forgets_who_was_cut_off(streams: BareStreams) -> None:
    client = socket.create_connection(_address(streams))
    client.sendall(_handshake(f"/ws/{_TRADE}"))
    streams.await_listener(_TRADE)
    # No farewell: the kernel sends a reset.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()

    def is_forgotten() -> bool:
        streams.tell(_TRADE, "anybody?")
        return len(streams.fanout) == 0

    await_condition(is_forgotten, "the connection to be forgotten")


def _address(streams: BareStreams) -> tuple[str, int]:
    host, _, port = streams.url.removeprefix("ws://").partition(":")
    return host, int(port)


def _handshake(path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("kind", ["direct", "asgi"])
def test_closes_whoever_sends_too_much(kind: WireKind) -> None:
    with (
        BareStreams(kind, connection_messages_per_second=3) as streams,
        StreamClient(f"{streams.url}/ws") as client,
    ):
        for _ in range(4):
            client.connection.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')

        assert client.await_close() == (1008, "Too many requests")
        assert len(client.answers) == 3


def test_pings_and_pongs_count_as_messages() -> None:
    with (
        BareStreams(connection_messages_per_second=3) as streams,
        StreamClient(f"{streams.url}/ws") as client,
    ):
        client.connection.ping()
        client.connection.pong()
        client.connection.ping()
        client.connection.pong()

        assert client.await_close() == (1008, "Too many requests")


@pytest.mark.parametrize("kind", ["direct", "asgi"])
def test_closes_when_the_time_of_a_connection_is_over(kind: WireKind) -> None:
    with (
        BareStreams(kind, connection_seconds=0.2) as streams,
        StreamClient(f"{streams.url}/ws") as client,
    ):
        assert client.await_close() == (1001, "The connection is too old.")


def test_refuses_whoever_connects_too_often() -> None:
    with BareStreams(connections_in_5_minutes=2) as streams:
        for _ in range(2):
            with StreamClient(f"{streams.url}/ws"):
                pass

        status, body = _refusal(f"{streams.url}/ws")

        assert (status, body["code"]) == (429, -1003)
        assert "2 connections per 5 MINUTES" in body["msg"]


def test_asks_for_a_sign_of_life_and_closes_who_gives_none() -> None:
    with (
        BareStreams(
            ping_seconds=0.1,
            pong_seconds=0.3,
            close_seconds=0.2,
            connection_messages_per_second=0,
        ) as streams,
        StreamClient(f"{streams.url}/ws") as answering,
        _silent(streams) as silent,
    ):
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := silent.recv(4_096):
                received += part
        # A ping with the time in digits, which clients take for text; later a close with 1008 and
        # its reason; then the end.
        frames = received.partition(b"\r\n\r\n")[2]
        assert frames[:2] == b"\x89\x0d"
        assert abs(int(frames[2:15]) - now_ms()) < 60_000
        assert frames.endswith(b"\x88\x0e\x03\xf0Pong timeout")
        assert answering.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1})["result"] == []


def _silent(streams: BareStreams) -> socket.socket:
    client = socket.create_connection(_address(streams), timeout=30)
    client.sendall(_handshake("/ws"))
    return client


@pytest.mark.parametrize("kind", ["direct", "asgi"])
def test_tells_of_the_end(kind: WireKind) -> None:
    with BareStreams(kind) as streams:
        raw = StreamClient(f"{streams.url}/ws")
        combined = StreamClient(f"{streams.url}/stream?timeUnit=MICROSECOND")
        await_condition(lambda: len(streams.fanout) == 2, "both clients")

    with raw, combined:
        assert raw.await_close()[0] == combined.await_close()[0] == 1012
    (event,) = raw.messages
    (wrapped,) = combined.messages
    assert (event["e"], wrapped["stream"]) == ("serverShutdown", "!serverShutdown")
    assert wrapped["data"]["E"] == pytest.approx(event["E"] * 1_000, abs=5_000_000)


@given(
    st.lists(
        st.binary(max_size=60)
        # Frames: masked with zeros, of any kind, with and without an end.
        | st.builds(
            lambda head, data: bytes((head, 0x80 | len(data), 0, 0, 0, 0)) + data,
            st.integers(0, 255),
            st.binary(max_size=60) | st.just(b'{"method":"LIST_SUBSCRIPTIONS","id":1}'),
        ),
        max_size=6,
    )
)
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_stands_whatever_bytes_come(
    streams: BareStreams, caplog: pytest.LogCaptureFixture, sent: list[bytes]
) -> None:
    with socket.create_connection(_address(streams)) as client:
        client.sendall(_handshake(f"/ws/{_TRADE}"))
        with contextlib.suppress(ConnectionError):
            for each in sent:
                client.sendall(each)

    await_condition(lambda: len(streams.fanout) == 0, "the connection to be forgotten", every=0.001)
    assert [each for each in caplog.records if each.levelname in ("ERROR", "CRITICAL")] == []


def test_stands_who_is_gone_at_once(streams: BareStreams, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(50):
        client = socket.create_connection(_address(streams))
        client.sendall(_handshake(f"/ws/{_TRADE}"))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()

    with StreamClient(f"{streams.url}/ws") as alive:
        assert alive.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1})["result"] == []
    await_condition(lambda: len(streams.fanout) == 0, "all to be forgotten")
    assert [each for each in caplog.records if each.levelname in ("ERROR", "CRITICAL")] == []
