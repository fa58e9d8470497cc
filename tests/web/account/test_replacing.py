"""Cancel-replace in all its outcomes."""

from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.conftest import NewClient
from tests.web.account.orders import ORDER, limit, market
from tests.web.signed_client import RefusedError, SignedClient

_PATH = f"{ORDER}/cancelReplace"
_UNKNOWN = {"code": -2011, "msg": "Unknown order sent."}


def replace(client: SignedClient, symbol: str, mode: str, price: str, **more: Any) -> Any:
    terms = {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
    terms |= {"price": price, "cancelReplaceMode": mode, **more}
    return client.post(_PATH, symbol=symbol, **terms)


def refusal(client: SignedClient, symbol: str, mode: str, price: str, **more: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        replace(client, symbol, mode, price, **more)
    return refused.value


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_both_succeed(alice: SignedClient, symbol: str, mode: str) -> None:
    old = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="old")

    reply = replace(
        alice,
        symbol,
        mode,
        "101",
        cancelOrigClientOrderId="old",
        cancelNewClientOrderId="the-cancel",
        newClientOrderId="new",
    )

    assert (reply["cancelResult"], reply["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    canceled, placed = reply["cancelResponse"], reply["newOrderResponse"]
    assert (canceled["orderId"], canceled["status"]) == (old["orderId"], "CANCELED")
    assert (canceled["origClientOrderId"], canceled["clientOrderId"]) == ("old", "the-cancel")
    assert (placed["clientOrderId"], placed["status"], placed["fills"]) == ("new", "NEW", [])
    open_orders = alice.get("/api/v3/openOrders", symbol=symbol)
    assert [each["clientOrderId"] for each in open_orders] == ["new"]


def test_the_new_order_is_told_its_fills(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    old = limit(alice, symbol, "SELL", "1", "101")
    limit(bob, symbol, "BUY", "0.4", "100")

    reply = replace(alice, symbol, "STOP_ON_FAILURE", "100", cancelOrderId=old["orderId"])

    placed = reply["newOrderResponse"]
    assert (placed["status"], placed["executedQty"]) == ("PARTIALLY_FILLED", "0.40000000")
    assert [fill["qty"] for fill in placed["fills"]] == ["0.40000000"]


def test_a_cancel_that_fails_stops_the_placement(alice: SignedClient, symbol: str) -> None:
    refused = refusal(alice, symbol, "STOP_ON_FAILURE", "100", cancelOrderId=999)

    assert refused.said == (400, -2022, "Order cancel-replace failed.")
    assert refused.data == {
        "cancelResult": "FAILURE",
        "newOrderResult": "NOT_ATTEMPTED",
        "cancelResponse": _UNKNOWN,
        "newOrderResponse": None,
    }
    assert alice.get("/api/v3/openOrders", symbol=symbol) == []


def test_a_cancel_that_fails_lets_the_placement_be(alice: SignedClient, symbol: str) -> None:
    refused = refusal(
        alice, symbol, "ALLOW_FAILURE", "100", cancelOrderId=999, newOrderRespType="ACK"
    )

    assert refused.said == (409, -2021, "Order cancel-replace partially failed.")
    assert (refused.data["cancelResult"], refused.data["newOrderResult"]) == ("FAILURE", "SUCCESS")
    assert refused.data["cancelResponse"] == _UNKNOWN
    (order,) = alice.get("/api/v3/openOrders", symbol=symbol)
    assert refused.data["newOrderResponse"]["orderId"] == order["orderId"]
    assert "status" not in refused.data["newOrderResponse"]


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_a_placement_that_fails_leaves_the_cancel(
    alice: SignedClient, bob: SignedClient, symbol: str, mode: str
) -> None:
    old = limit(alice, symbol, "SELL", "1", "101")
    limit(bob, symbol, "BUY", "1", "100")
    terms = {
        "symbol": symbol,
        "side": "SELL",
        "type": "LIMIT_MAKER",
        "quantity": "1",
        "price": "100",
        "cancelReplaceMode": mode,
        "cancelOrderId": old["orderId"],
    }

    with pytest.raises(RefusedError) as refused:
        alice.post(_PATH, **terms)

    assert refused.value.said == (409, -2021, "Order cancel-replace partially failed.")
    data = refused.value.data
    assert (data["cancelResult"], data["newOrderResult"]) == ("SUCCESS", "FAILURE")
    assert data["cancelResponse"]["status"] == "CANCELED"
    assert data["newOrderResponse"] == {
        "code": -2010,
        "msg": "Order would immediately match and take.",
    }
    assert alice.get("/api/v3/openOrders", symbol=symbol) == []


def test_both_fail(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    limit(bob, symbol, "BUY", "1", "100")
    terms = {"type": "LIMIT_MAKER", "side": "SELL", "quantity": "1", "price": "100"}

    with pytest.raises(RefusedError) as refused:
        alice.post(
            _PATH, symbol=symbol, cancelReplaceMode="ALLOW_FAILURE", cancelOrderId=999, **terms
        )

    assert refused.value.said == (400, -2022, "Order cancel-replace failed.")
    assert refused.value.data["cancelResponse"] == _UNKNOWN
    assert refused.value.data["newOrderResult"] == "FAILURE"
    assert refused.value.data["newOrderResponse"]["code"] == -2010


def test_what_is_wrong_with_the_placement_is_said_before_anything_is_canceled(
    alice: SignedClient, symbol: str
) -> None:
    old = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="taken")

    for said, more in (
        ((400, -1013, "Filter failure: PRICE_FILTER"), {"price": "100.001"}),
        ((400, -2010, "Duplicate order sent."), {"newClientOrderId": "taken"}),
    ):
        terms = {"price": "101", "cancelOrderId": old["orderId"], **more}
        assert refusal(alice, symbol, "STOP_ON_FAILURE", **terms).said == said

    assert len(alice.get("/api/v3/openOrders", symbol=symbol)) == 1


def test_an_order_can_be_replaced_by_the_money_that_it_held(
    new_client: NewClient, symbol: str
) -> None:
    client = new_client("thrifty", units=10**8)
    old = limit(client, symbol, "SELL", "1", "100")

    # The cancel goes first, alone; then the new order can be paid for.
    reply = replace(client, symbol, "STOP_ON_FAILURE", "101", cancelOrderId=old["orderId"])

    assert (reply["cancelResult"], reply["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert reply["cancelResponse"]["orderId"] == old["orderId"]
    assert reply["newOrderResponse"]["price"] == "101.00000000"


def test_money_that_does_not_reach_even_then(new_client: NewClient, symbol: str) -> None:
    client = new_client("thrifty", units=10**8)
    old = limit(client, symbol, "SELL", "1", "100")
    no_money = {"code": -2010, "msg": "Account has insufficient balance for requested action."}

    refused = refusal(client, symbol, "STOP_ON_FAILURE", "101", cancelOrderId=999)
    assert refused.said[:2] == (400, -2022)
    assert refused.data["newOrderResult"] == "NOT_ATTEMPTED"
    refused = refusal(client, symbol, "ALLOW_FAILURE", "101", cancelOrderId=999)
    assert refused.said[:2] == (400, -2022)
    assert refused.data["newOrderResponse"] == no_money
    more = {"cancelOrderId": old["orderId"], "quantity": "2"}
    refused = refusal(client, symbol, "STOP_ON_FAILURE", "101", **more)
    assert refused.said[:2] == (409, -2021)
    assert refused.data["cancelResult"] == "SUCCESS"
    assert refused.data["newOrderResponse"] == no_money
    await_condition(lambda: client.balance("BTC") == (10**8, 0), "the money is back")


def test_restrictions_of_the_cancel(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    old = limit(alice, symbol, "SELL", "1", "100")
    market(bob, symbol, "BUY", quantity="0.4")

    more = {"cancelOrderId": old["orderId"], "cancelRestrictions": "ONLY_NEW"}
    refused = refusal(alice, symbol, "STOP_ON_FAILURE", "101", **more)

    assert refused.said[:2] == (400, -2022)
    assert refused.data["cancelResponse"] == {
        "code": -2011,
        "msg": "Order was not canceled due to cancel restrictions.",
    }


def test_what_must_be_said(alice: SignedClient, symbol: str) -> None:
    assert refusal(alice, symbol, "STOP_ON_FAILURE", "100").code == -1102
    assert refusal(alice, symbol, "PERHAPS", "100", cancelOrderId=1).code == -1130
    more = {"cancelOrderId": 1, "orderRateLimitExceededMode": "CANCEL_ONLY"}
    assert refusal(alice, symbol, "STOP_ON_FAILURE", "100", **more).code == -1020
