"""Order lists through the gateway: placed, told of, canceled, and what a fill does to them."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import await_order
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import RefusedError, SignedClient
from tests.web.socket_client import SocketClient, signed
from web.state.order_lists import OrderLists

pytestmark = pytest.mark.shares_exchange

ONE, MANY = 10**8, 10**14
_numbers = count(1)


@pytest.fixture(scope="module")
def bob(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[SignedClient]:
    """He trades with whoever is there."""
    exchange.open_account("bob", units=MANY)
    client = SignedClient(gateway, "bob")
    await_condition(lambda: client.balance("USDT")[0] == MANY, "bob has money")
    yield client
    client.close()


@pytest.fixture
def ann(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[SignedClient]:
    """An account of the test's own, with one BTC and nothing else."""
    name = f"ann{next(_numbers)}"
    exchange.open_account(name, units=ONE, assets=("BTC",))
    client = SignedClient(gateway, name)
    await_condition(lambda: client.balance("BTC")[0] == ONE, "ann has money")
    yield client
    if client.get("/api/v3/openOrders", symbol="BTCUSDT"):
        client.delete("/api/v3/openOrders", symbol="BTCUSDT")
    client.close()


def place(ann: SignedClient, **changes: str) -> dict[str, Any]:
    """Sell one BTC at 70 000, or, when it falls to 50 000, at 49 000 or better."""
    parameters = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "quantity": "1",
        "aboveType": "LIMIT_MAKER",
        "abovePrice": "70000",
        "belowType": "STOP_LOSS_LIMIT",
        "belowStopPrice": "50000",
        "belowPrice": "49000",
        "belowTimeInForce": "GTC",
        **changes,
    }
    return ann.post("/api/v3/orderList/oco", **parameters)  # type: ignore[no-any-return]


def test_a_list_is_paid_for_once_and_told_whole(ann: SignedClient) -> None:
    placed = place(ann, listClientOrderId="mine", aboveClientOrderId="up")

    assert (placed["contingencyType"], placed["listOrderStatus"]) == ("OCO", "EXECUTING")
    assert placed["listClientOrderId"] == "mine"
    above, below = placed["orderReports"]
    assert (above["type"], above["clientOrderId"], above["status"]) == ("LIMIT_MAKER", "up", "NEW")
    assert (below["type"], below["stopPrice"]) == ("STOP_LOSS_LIMIT", "50000.00000000")
    assert {each["orderListId"] for each in placed["orderReports"]} == {placed["orderListId"]}
    assert ann.balance("BTC") == (0, ONE)
    assert len(ann.get("/api/v3/openOrders", symbol="BTCUSDT")) == 2
    shown = {name: each for name, each in placed.items() if name != "orderReports"}
    assert ann.get("/api/v3/openOrderList") == [shown]
    assert ann.get("/api/v3/orderList", origClientOrderId="mine") == shown
    at = placed["transactionTime"]
    assert ann.get("/api/v3/allOrderList", startTime=at, endTime=at) == [shown]


def test_a_list_is_known_as_soon_as_it_is_answered(exchange: RunningExchange) -> None:
    """Not when the orders stage's row of it comes; here none does."""
    exchange.open_account("hasty", units=ONE, assets=("BTC",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OrderLists, "listen", lambda *_: None)
        gateway = RunningGateway(exchange)
        gateway.start()
    try:
        client = SignedClient(gateway, "hasty")
        await_condition(lambda: client.balance("BTC")[0] == ONE, "there is money")
        placed = place(client)
        number = placed["orderListId"]

        assert client.get("/api/v3/orderList", orderListId=number)["orders"] == placed["orders"]
        assert [each["orderListId"] for each in client.get("/api/v3/openOrderList")] == [number]
        client.delete("/api/v3/orderList", symbol="BTCUSDT", orderListId=number)
        client.close()
    finally:
        gateway.close()


def test_to_cancel_the_list_is_to_cancel_both(ann: SignedClient) -> None:
    placed = place(ann)

    canceled = ann.delete("/api/v3/orderList", symbol="BTCUSDT", orderListId=placed["orderListId"])

    assert canceled["listOrderStatus"] == "ALL_DONE"
    assert [each["status"] for each in canceled["orderReports"]] == ["CANCELED"] * 2
    assert ann.get("/api/v3/openOrders", symbol="BTCUSDT") == []
    assert ann.get("/api/v3/openOrderList") == []
    (known,) = ann.get("/api/v3/allOrderList")
    assert known["orderListId"] == placed["orderListId"]
    with pytest.raises(RefusedError) as again:
        ann.delete("/api/v3/orderList", symbol="BTCUSDT", orderListId=placed["orderListId"])
    assert again.value.said == (400, -2011, "Unknown order sent.")


def test_a_fill_of_one_ends_the_other(ann: SignedClient, bob: SignedClient) -> None:
    placed = place(ann, newOrderRespType="ACK")
    assert "orderReports" not in placed
    above, below = (each["orderId"] for each in placed["orders"])

    bought = bob.post(
        "/api/v3/order",
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        timeInForce="IOC",
        quantity="0.25",
        price="70000",
    )

    assert bought["executedQty"] == "0.25000000"
    other = await_order(ann, "BTCUSDT", below, status="EXPIRED")
    assert other["expiryReason"] == "OCO_TRIGGER"
    left = await_order(ann, "BTCUSDT", above, status="PARTIALLY_FILLED")
    assert left["executedQty"] == "0.25000000"
    await_condition(lambda: ann.balance("BTC") == (0, ONE * 3 // 4), "a quarter is sold")


@pytest.mark.parametrize("is_placed_elsewhere", [False, True])
def test_its_account_hears_of_it(
    is_placed_elsewhere: bool,
    exchange: RunningExchange,
    gateway: RunningGateway,
    ann: SignedClient,
    bob: SignedClient,
) -> None:
    """Whether this gateway placed it, or has its name from the log alone."""
    listening = RunningGateway(exchange).start() if is_placed_elsewhere else gateway
    try:
        key = listening.keys.add(key_of(ann.account_id))
        with SocketClient(f"ws://{listening.address}/ws-api/v3") as socket:
            assert socket.ask("userDataStream.subscribe.signature", **signed(key))["status"] == 200

            placed = place(ann, listClientOrderId="heard", newOrderRespType="ACK")
            begun = socket.take(_is_list_status)
            buy = {"type": "LIMIT", "timeInForce": "IOC", "price": "70000", "quantity": "1"}
            bob.post("/api/v3/order", symbol="BTCUSDT", side="BUY", **buy)
            ended = socket.take(_is_list_status)
    finally:
        if is_placed_elsewhere:
            listening.close()

    first, last = begun[-1]["event"], ended[-1]["event"]
    assert (first["l"], first["L"], first["C"]) == ("EXEC_STARTED", "EXECUTING", "heard")
    assert (last["l"], last["L"], last["C"]) == ("ALL_DONE", "ALL_DONE", "heard")
    assert first["g"] == last["g"] == placed["orderListId"]
    named = [(each["i"], each["c"]) for each in first["O"]]
    assert named == [(each["orderId"], each["clientOrderId"]) for each in placed["orders"]]
    assert first["T"] == placed["transactionTime"]
    reports = [each["event"] for each in ended if each["event"]["e"] == "executionReport"]
    assert {each["X"] for each in reports} == {"FILLED", "EXPIRED"}


def _is_list_status(frame: dict[str, Any]) -> bool:
    return bool(frame["event"]["e"] == "listStatus")


def test_the_older_parameters_place_the_same(ann: SignedClient) -> None:
    placed = ann.post(
        "/api/v3/order/oco",
        symbol="BTCUSDT",
        side="SELL",
        quantity="1",
        price="70000",
        stopPrice="50000",
        stopLimitPrice="49000",
        stopLimitTimeInForce="GTC",
    )

    assert [each["type"] for each in placed["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        (
            {"belowStopPrice": "71000", "belowPrice": "71000"},
            -2010,
            "The relationship of the prices for the orders is not correct.",
        ),
        ({"quantity": "2"}, -2010, "Account has insufficient balance for requested action."),
        ({"belowType": "LIMIT"}, -1116, "Invalid orderType."),
        ({"abovePrice": "70000.001"}, -1013, "Filter failure: PRICE_FILTER"),
        (
            {"aboveClientOrderId": "same", "belowClientOrderId": "same"},
            -2010,
            "Unsupported order combination",
        ),
    ],
)
def test_what_is_no_list_is_refused(
    ann: SignedClient, changes: dict[str, str], code: int, text: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        place(ann, **changes)

    assert refused.value.said == (400, code, text)


def test_another_accounts_list_is_not_found(ann: SignedClient, bob: SignedClient) -> None:
    placed = place(ann)
    await_condition(lambda: ann.get("/api/v3/openOrderList"), "it is known")

    with pytest.raises(RefusedError) as refused:
        bob.delete("/api/v3/orderList", symbol="BTCUSDT", orderListId=placed["orderListId"])
    assert refused.value.code == -2011
    with pytest.raises(RefusedError):
        bob.get("/api/v3/orderList", orderListId=placed["orderListId"])
