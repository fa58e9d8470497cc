"""The WebSocket API on a socket: answers as they are done, bounds, and clients that do not read."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.chaos.exchange import await_condition
from tests.web.memory_keys import key_of
from tests.web.socket_client import SocketClient, signed
from tests.web.standing_server import StandingServer
from tests.web.userdata.records import received_report
from web.binance import ws_api
from web.binance.catalogue import ENDPOINTS
from web.binance.endpoint import Call, Endpoint
from web.gateway import Gateway
from web.server import MESSAGE_BYTES_MAX

BIG = "x" * 100_000


class Gate:
    """Handlers that wait until a test lets them go on."""

    def __init__(self) -> None:
        self.entered = 0
        self.done = 0
        self._opened = asyncio.Event()

    async def wait(self, _call: Call) -> dict[str, str]:
        self.entered += 1
        await self._opened.wait()
        self.done += 1
        return {"waited": "yes"}

    def open(self) -> None:
        self._opened.set()


async def _big(_call: Call) -> str:
    return BIG


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def server(gate: Gate) -> Iterator[StandingServer]:
    """The WebSocket API with a method that waits and one whose answer is big."""
    endpoints = (
        *ENDPOINTS,
        Endpoint(method="GET", path="/wait", handle=gate.wait, summary="", ws_method="wait"),
        Endpoint(method="GET", path="/big", handle=_big, summary="", ws_method="big"),
    )

    def routes(gateway: Gateway) -> list[ws_api.WebSocketRoute]:
        return ws_api.routes(gateway, endpoints)

    with StandingServer(routes, requests_at_once=3) as running:
        yield running
        running.call(gate.open)


@pytest.fixture
def url(server: StandingServer) -> str:
    return f"ws://{server.address}/ws-api/v3"


def request(number: int, method: str) -> str:
    return json.dumps({"id": number, "method": method})


def test_answers_as_they_are_done(url: str, server: StandingServer, gate: Gate) -> None:
    with SocketClient(url) as client:
        client.socket.send(request(1, "wait"))
        assert client.ask("ping")["status"] == 200

        server.call(gate.open)

        (waited,) = client.events or [client.receive()]
        assert waited["result"] == {"waited": "yes"}


def test_works_on_so_many_requests_of_a_connection_at_a_time(
    url: str, server: StandingServer, gate: Gate
) -> None:
    with SocketClient(url) as client, SocketClient(url) as other:
        for number in range(10):
            client.socket.send(request(number, "wait"))
        await_condition(lambda: gate.entered == 3, "three have begun")
        # Whoever else asks is answered meanwhile.
        assert other.ask("ping")["status"] == 200
        assert gate.entered == 3

        server.call(gate.open)

        assert sorted(client.receive()["id"] for _ in range(10)) == list(range(10))


def test_carries_out_what_was_asked_by_who_has_left(
    url: str, server: StandingServer, gate: Gate
) -> None:
    with SocketClient(url) as client:
        client.socket.send(request(1, "wait"))
        await_condition(lambda: gate.entered == 1, "it has begun")

    server.call(gate.open)

    await_condition(lambda: gate.done == 1, "it is done")


def test_takes_bytes_for_text_and_answers_what_is_no_json(url: str) -> None:
    with SocketClient(url) as client:
        client.socket.send(request(1, "ping").encode())
        assert client.receive()["id"] == 1
        client.socket.send(b"\xff\xfe")
        assert client.receive()["error"]["code"] == -1135
        client.socket.send("hello")
        answer = client.receive()
        assert answer.pop("rateLimits")[0]["count"] > 0
        assert answer == {
            "id": None,
            "status": 400,
            "error": {"code": -1135, "msg": "Invalid JSON Request"},
        }


def test_closes_on_a_message_that_is_too_large(url: str) -> None:
    with SocketClient(url) as client:
        client.socket.send("x" * (MESSAGE_BYTES_MAX + 1))
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


def test_refuses_a_connection_that_asks_for_what_is_not_there(url: str) -> None:
    for query, code in (("timeUnit=HOUR", -1194), ("returnRateLimits=maybe", -1130)):
        with pytest.raises(InvalidStatus) as refused:
            SocketClient(f"{url}?{query}")
        assert refused.value.response.status_code == 400
        assert json.loads(refused.value.response.body or b"")["code"] == code


def test_answers_by_the_manner_of_the_address(url: str) -> None:
    with SocketClient(f"{url}?timeUnit=microsecond&returnRateLimits=false") as client:
        answer = client.ask("time")
        assert "rateLimits" not in answer
        assert abs(answer["result"]["serverTime"] / 1e6 - time.time()) < 100
        assert client.ask("session.status")["result"]["returnRateLimits"] is False


def slow_client(url: str, host_port: str) -> SocketClient:
    """A client whose socket holds little, so that the server's fills up."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    host, port = host_port.split(":")
    raw.connect((host, int(port)))
    return SocketClient(url, sock=raw, max_queue=1)


def test_big_answers_wait_for_who_reads_slowly(url: str, server: StandingServer) -> None:
    with slow_client(url, server.address) as client:
        for number in range(60):
            client.socket.send(request(number, "big"))
        # All three places are taken by answers that wait to be read: nothing more is made.
        answers = [client.receive() for _ in range(60)]

        assert sorted(each["id"] for each in answers) == list(range(60))
        assert {each["result"] for each in answers} == {BIG}


def test_closes_who_does_not_read_its_events_and_nobody_else(
    url: str, server: StandingServer
) -> None:
    key = server.keys.add(key_of("alice"))
    with slow_client(url, server.address) as slow, SocketClient(url) as quick:
        for client in (slow, quick):
            client.ask("userDataStream.subscribe.signature", **signed(key))
        heard = 0
        while server.gateway.user_data.listeners == 2:
            batch = [received_report(execution_id=heard + n + 1) for n in range(500)]
            server.publish(batch)
            for report in batch:
                assert quick.receive()["event"]["I"] == report.record["execution_id"]
            heard += len(batch)

        with pytest.raises(ConnectionClosed) as closed:
            while True:
                slow.receive()

        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        assert closed.value.rcvd.reason.startswith("Too slow")
        server.publish([received_report()])
        assert quick.receive()["event"]["I"] == 11
