"""User data by listen keys: whose they are, how they end, and what is told then."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import BaseRoute
from websockets.exceptions import ConnectionClosed

from tests.web.memory_keys import key_of
from tests.web.socket_client import SocketClient
from tests.web.standing_server import StandingServer
from tests.web.userdata.records import received_report, received_wallet
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
from web.binance import listen_keys, rest
from web.binance.streams import endpoint as streams
from web.gateway import Gateway

ALICE, BOB = key_of("alice"), key_of("bob")


def routes(gateway: Gateway) -> list[BaseRoute]:
    return [*rest.routes(gateway, listen_keys.ENDPOINTS), *streams.routes(gateway)]


class Served:
    """A gateway with two accounts' keys."""

    def __init__(self, server: StandingServer) -> None:
        self.server = server
        server.keys.add(ALICE)
        server.keys.add(BOB)

    def ask(self, method: str, key: str = ALICE.key, **params: str) -> httpx.Response:
        url = f"http://{self.server.address}/api/v3/userDataStream"
        return httpx.request(method, url, params=params, headers={"X-MBX-APIKEY": key})

    def open(self, key: str = ALICE.key) -> str:
        return str(self.ask("POST", key).json()["listenKey"])

    def raw(self, listen_key: str, query: str = "") -> SocketClient:
        return SocketClient(f"ws://{self.server.address}/ws/{listen_key}{query}")

    def wrapped(self, *listen_keys: str) -> SocketClient:
        names = "/".join(listen_keys)
        return SocketClient(f"ws://{self.server.address}/stream?streams={names}")


@pytest.fixture
def served() -> Iterator[Served]:
    with StandingServer(routes) as server:
        yield Served(server)


def control(socket: SocketClient, method: str, *params: str) -> dict[str, Any]:
    """The answer to a control frame."""
    socket.socket.send(json.dumps({"id": 1, "method": method, "params": params}))
    return socket.receive()


def closing(socket: SocketClient) -> tuple[int, str]:
    """With what the server has closed; nothing else may come before."""
    with pytest.raises(ConnectionClosed) as closed:
        socket.receive()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def test_a_key_is_opened_extended_and_closed_by_its_account(served: Served) -> None:
    listen_key = served.open()

    assert len(listen_key) >= 60
    assert served.open() == listen_key
    assert served.ask("PUT", listenKey=listen_key).json() == {}
    for method in ("PUT", "DELETE"):
        others = served.ask(method, BOB.key, listenKey=listen_key)
        assert (others.status_code, others.json()["code"]) == (400, -1125)
    assert served.ask("DELETE", listenKey=listen_key).json() == {}
    assert served.ask("PUT", listenKey=listen_key).json() == {
        "code": -1125,
        "msg": "This listenKey does not exist.",
    }


def test_a_key_is_asked_for_with_an_api_key_alone(served: Served) -> None:
    assert served.ask("POST", "").json()["code"] == -2014
    assert served.ask("POST", "unknown").status_code == 401
    assert served.ask("PUT").json()["code"] == -1102


def test_raw_and_wrapped_streams_tell_the_same(served: Served) -> None:
    listen_key = served.open()
    with served.raw(listen_key) as raw, served.wrapped(listen_key) as wrapped:
        served.server.publish([received_report(account_id="bob"), received_report(order_id=77)])

        event = raw.receive()
        assert (event["e"], event["i"]) == ("executionReport", 77)
        assert wrapped.receive() == {"stream": listen_key, "data": event}


def test_two_keys_on_one_connection_are_told_apart(served: Served) -> None:
    alices, bobs = served.open(), served.open(BOB.key)
    with served.wrapped(alices, bobs) as both:
        served.server.publish(
            [received_wallet("FundsReservedEvent", account_id=each) for each in ("bob", "alice")]
        )

        assert [both.receive()["stream"] for _ in range(2)] == [bobs, alices]


def test_times_are_in_microseconds_where_that_is_asked_for(served: Served) -> None:
    with served.raw(served.open(), "?timeUnit=MICROSECOND") as fine:
        served.server.publish([received_report()])

        assert fine.receive()["E"] > 10**15


def test_a_key_that_is_closed_ends_its_streams(served: Served) -> None:
    listen_key = served.open()
    with served.raw(listen_key) as raw, served.wrapped(listen_key) as wrapped:
        served.ask("DELETE", listenKey=listen_key)

        last = raw.receive()
        assert (last["e"], last["listenKey"]) == ("listenKeyExpired", listen_key)
        assert wrapped.receive()["data"]["e"] == "listenKeyExpired"
        assert closing(raw) == (1000, "The listenKey has expired.")
        assert closing(wrapped) == (1000, "The listenKey has expired.")
    assert served.server.gateway.user_data.listeners == 0


def test_a_key_that_has_expired_ends_its_streams() -> None:
    with StandingServer(routes, listen_key_seconds=1, key_check_seconds=0.05) as server:
        served = Served(server)
        listen_key = served.open()
        with served.raw(listen_key) as raw:
            assert raw.receive()["e"] == "listenKeyExpired"
            assert closing(raw)[0] == 1000
        assert served.open() != listen_key


def test_a_key_that_is_unknown_is_said_to_be(served: Served) -> None:
    with served.raw("a" * 64) as raw:
        assert closing(raw) == (1008, "This listenKey does not exist.")
    with served.wrapped() as wrapped:
        answer = control(wrapped, "SUBSCRIBE", "a" * 64)
        assert answer["error"] == {"code": -1125, "msg": "This listenKey does not exist."}
        assert control(wrapped, "LIST_SUBSCRIPTIONS")["result"] == []


def test_a_key_is_subscribed_to_beside_the_streams_of_markets(served: Served) -> None:
    listen_key = served.open()
    with served.wrapped("btcusdt@trade") as wrapped:
        assert control(wrapped, "SUBSCRIBE", listen_key)["result"] is None
        served.server.publish([received_report()])
        assert wrapped.receive()["stream"] == listen_key

        # The key ends, the connection goes on.
        served.ask("DELETE", listenKey=listen_key)
        assert wrapped.receive()["data"]["e"] == "listenKeyExpired"
        assert control(wrapped, "LIST_SUBSCRIPTIONS")["result"]

        again = served.open()
        control(wrapped, "SUBSCRIBE", again)
        control(wrapped, "UNSUBSCRIBE", again)
        assert served.server.gateway.user_data.listeners == 0


def test_a_client_that_leaves_is_forgotten(served: Served) -> None:
    listen_key = served.open()
    with served.raw(listen_key) as raw:
        raw.socket.send("hello")
        assert "error" in raw.receive()
        served.server.publish([received_report()])
        assert raw.receive()["e"] == "executionReport"
        assert served.server.gateway.user_data.listeners == 1

    with served.raw(listen_key):
        served.server.publish([received_report()])
        assert served.server.gateway.user_data.listeners == 1


def test_all_gateways_know_a_key_and_that_it_was_taken_away(tmp_path: Path) -> None:
    redis = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=tmp_path, time_series=False))
    redis.start()
    try:
        shared: dict[str, Any] = {"redis_url": redis.url, "key_check_seconds": 0.05}
        with StandingServer(routes, **shared) as one, StandingServer(routes, **shared) as other:
            listen_key = Served(one).open()
            with Served(other).raw(listen_key) as raw:
                other.publish([received_report()])
                assert raw.receive()["e"] == "executionReport"

                assert Served(one).ask("DELETE", listenKey=listen_key).json() == {}

                assert raw.receive()["e"] == "listenKeyExpired"
                assert closing(raw)[0] == 1000
    finally:
        redis.stop()


def test_listen_keys_can_be_switched_off() -> None:
    with StandingServer(routes, listen_keys=False) as server:
        served = Served(server)
        answers: list[Any] = [served.ask("POST")]
        answers += [served.ask(method, listenKey="a" * 64) for method in ("PUT", "DELETE")]

        assert [each.status_code for each in answers] == [410] * 3
        assert answers[0].json()["msg"] == "This service is no longer available."
