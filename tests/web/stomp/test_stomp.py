"""STOMP on a running exchange: topics, orders, refusals, beats and ends."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.web.listening_account import LOTS, PRICE
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.stomp.stomp_client import StompClient, content, login
from tests.web.trader import Trader
from web.auth.api_key import ApiKey
from web.auth.caller import Scope
from web.clock import now_ms
from web.stomp.frame import Frame

pytestmark = pytest.mark.shares_exchange


@pytest.fixture(scope="module")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway whose STOMP connections beat quickly."""
    running = RunningGateway(exchange, stomp_beat_seconds=0.2)
    try:
        yield running.start()
    finally:
        running.close()


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[StompClient]:
    with StompClient(gateway.address) as made:
        yield made


@pytest.fixture
def trader(exchange: RunningExchange) -> Trader:
    return Trader(exchange, f"stomp{uuid.uuid4().hex[:8]}")


@pytest.fixture
def key(gateway: RunningGateway, trader: Trader) -> ApiKey:
    return gateway.keys.add(key_of(trader.account_id))


def order(**changes: Any) -> bytes:
    """A limit order as REST's parameters."""
    return json.dumps(
        {
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.01",
            "price": "50000",
            **changes,
        }
    ).encode()


def is_closed(client: StompClient) -> bool:
    with pytest.raises(ConnectionClosed):
        client.receive()
    return True


def test_topics_have_the_payloads_of_binances_streams(client: StompClient, trader: Trader) -> None:
    assert client.open().command == "CONNECTED"
    for kind in ("trades", "orderbook", "ticker"):
        client.send("SUBSCRIBE", id=kind, destination=f"/topic/{kind}/BTCUSDT", receipt=kind)
    waiting = {"trades", "orderbook", "ticker"}
    client.until(lambda frame: frame.headers.get("receipt-id") == "ticker")

    trader.place("SELL", 2 * LOTS, PRICE)
    trader.place("BUY", LOTS, PRICE)

    heard: dict[str, dict[str, Any]] = {}
    while heard.keys() < waiting or not heard["orderbook"]["asks"]:
        frame = client.receive()
        if frame.command == "MESSAGE":
            kind = frame.headers["subscription"]
            assert frame.headers["destination"] == f"/topic/{kind}/BTCUSDT"
            heard[kind] = content(frame)
    trade = heard["trades"]
    assert (trade["e"], trade["s"], trade["p"]) == ("trade", "BTCUSDT", "50000.00000000")
    assert heard["orderbook"].keys() == {"lastUpdateId", "bids", "asks"}
    assert (heard["ticker"]["e"], heard["ticker"]["s"]) == ("24hrTicker", "BTCUSDT")


def test_an_order_is_placed_and_its_reports_come_on_the_accounts_queue(
    client: StompClient, key: ApiKey
) -> None:
    client.open(**login(key))
    client.send("SUBSCRIBE", id="mine", destination="/user/queue/orders")
    client.send(
        "SEND",
        order(price="40000", newClientOrderId="by-stomp"),
        destination="/app/orders",
        receipt="r-1",
    )

    frames = [client.receive() for _ in range(2)]

    by_command = {frame.command: frame for frame in frames}
    assert by_command["RECEIPT"].headers["receipt-id"] == "r-1"
    report = content(by_command["MESSAGE"])
    assert (report["e"], report["c"], report["x"]) == ("executionReport", "by-stomp", "NEW")


def test_a_refusal_is_told_to_who_listens_for_it_and_the_connection_goes_on(
    client: StompClient, key: ApiKey
) -> None:
    client.open(**login(key))
    client.send("SUBSCRIBE", id="wrong", destination="/user/queue/errors")
    for body, code in (
        (order(side="UP"), -1117),
        (b"no json", -1135),
        (order(price="0.001"), -1013),
    ):
        client.send("SEND", body, destination="/app/orders", receipt="r")
        frame = client.receive()
        assert (frame.command, frame.headers["subscription"]) == ("MESSAGE", "wrong")
        assert frame.headers["receipt-id"] == "r"
        assert content(frame)["code"] == code


def test_a_refusal_nobody_listens_for_is_an_error_and_the_end(
    client: StompClient, key: ApiKey
) -> None:
    client.open(**login(key))
    client.send("SEND", order(side="UP"), destination="/app/orders", receipt="r-9")

    frame = client.receive()

    assert (frame.command, frame.headers["receipt-id"]) == ("ERROR", "r-9")
    assert frame.headers["message"] == "-1117: Invalid side."
    assert is_closed(client)


def test_nobody_hears_of_another_account(
    client: StompClient, gateway: RunningGateway, exchange: RunningExchange, key: ApiKey
) -> None:
    other = Trader(exchange, f"other{uuid.uuid4().hex[:8]}")
    others_key = gateway.keys.add(key_of(other.account_id))
    with StompClient(gateway.address) as others:
        for each, its_key in ((client, key), (others, others_key)):
            each.open(**login(its_key))
            each.send("SUBSCRIBE", id="1", destination="/user/queue/orders", receipt="s")
            each.receive()
        names = {client: "of-mine", others: "of-other"}
        for each, name in names.items():
            body = order(price="30000", newClientOrderId=name)
            each.send("SEND", body, destination="/app/orders", receipt="sent")
        for each, name in names.items():
            frames = [each.receive() for _ in range(2)]
            told = [content(frame)["c"] for frame in frames if frame.command == "MESSAGE"]
            assert told == [name]


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"passcode": "0" * 64}, "-1022"),
        ({"login": "nobody"}, "-2015"),
        ({"timestamp": str(now_ms() - 3_600_000)}, "-1021"),
    ],
)
def test_a_login_that_proves_nothing_is_refused(
    client: StompClient, key: ApiKey, headers: dict[str, str], why: str
) -> None:
    frame = client.open(**{**login(key), **headers})

    assert frame.command == "ERROR"
    assert frame.headers["message"].startswith(why)
    assert is_closed(client)


@pytest.mark.parametrize(
    ("command", "destination"), [("SUBSCRIBE", "/user/queue/orders"), ("SEND", "/app/orders")]
)
def test_what_is_private_needs_a_login(client: StompClient, command: str, destination: str) -> None:
    client.open()
    client.send(command, id="1", destination=destination)

    assert "CONNECT with login" in client.receive().headers["message"]


def test_a_key_that_may_only_read_places_nothing(
    client: StompClient, gateway: RunningGateway, trader: Trader
) -> None:
    reader = gateway.keys.add(key_of(trader.account_id, Scope.READ))
    client.open(**login(reader))
    client.send("SEND", order(), destination="/app/orders")

    assert client.receive().headers["message"].startswith("-2015")


@pytest.mark.parametrize("destination", ["/topic/ticker/NOSUCH", "/topic/other/BTCUSDT", "x"])
def test_says_what_there_is_where_a_destination_is_not(
    client: StompClient, destination: str
) -> None:
    client.open()
    client.send("SUBSCRIBE", id="1", destination=destination, receipt="r")

    frame = client.receive()

    assert (frame.command, frame.headers["receipt-id"]) == ("ERROR", "r")


def test_hearts_beat_both_ways(client: StompClient) -> None:
    frame = client.open(heart_beat="100,100")
    assert frame.headers["heart-beat"] == "200,200"

    # This client sends none, so the server gives it up; but its own came meanwhile.
    last = client.receive()

    assert (last.command, last.headers["message"]) == ("ERROR", "no beat of the heart came")
    assert client.beats >= 1


def test_says_goodbye_when_all_is_done(client: StompClient) -> None:
    client.open()
    client.send("DISCONNECT", receipt="bye")

    assert client.receive() == Frame("RECEIPT", {"receipt-id": "bye"})
    assert is_closed(client)


@pytest.mark.parametrize("offered", ["v10.stomp", "v11.stomp", "v12.stomp"])
def test_takes_the_subprotocol_that_is_offered(gateway: RunningGateway, offered: str) -> None:
    with StompClient(gateway.address, subprotocols=[offered]) as client:
        assert client.socket.subprotocol == offered
        assert client.open(accept_version="1.0,1.1,1.2").headers["version"] == "1.2"
