"""Cancels in all their outcomes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import ORDER, limit, market
from tests.web.signed_client import RefusedError, SignedClient

_UNKNOWN = (400, -2011, "Unknown order sent.")


def test_a_cancel_by_id_names_itself_and_its_order(alice: SignedClient, symbol: str) -> None:
    order = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="order-1")

    reply = alice.delete(
        ORDER, symbol=symbol, orderId=order["orderId"], newClientOrderId="cancel-1"
    )

    assert reply == {
        "symbol": symbol,
        "origClientOrderId": "order-1",
        "orderId": order["orderId"],
        "orderListId": -1,
        "clientOrderId": "cancel-1",
        "transactTime": reply["transactTime"],
        "price": "100.00000000",
        "origQty": "1.00000000",
        "executedQty": "0.00000000",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "CANCELED",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "SELL",
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }
    await_condition(lambda: alice.balance("BTC")[1] == 0, "the hold is released")


def test_a_canceled_order_keeps_its_name(alice: SignedClient, symbol: str) -> None:
    limit(alice, symbol, "SELL", "1", "100", newClientOrderId="order-1")
    alice.delete(ORDER, symbol=symbol, origClientOrderId="order-1", newClientOrderId="cancel-1")

    order = alice.get(ORDER, symbol=symbol, origClientOrderId="order-1")
    assert (order["clientOrderId"], order["status"]) == ("order-1", "CANCELED")
    with pytest.raises(RefusedError) as refused:
        alice.get(ORDER, symbol=symbol, origClientOrderId="cancel-1")
    assert refused.value.said == (400, -2013, "Order does not exist.")


def test_a_cancel_without_a_name_gets_one(alice: SignedClient, symbol: str) -> None:
    order = limit(alice, symbol, "SELL", "1", "100")

    reply = alice.delete(ORDER, symbol=symbol, orderId=order["orderId"])

    assert reply["origClientOrderId"] == order["clientOrderId"]
    assert len(reply["clientOrderId"]) == 22
    assert reply["clientOrderId"] != order["clientOrderId"]


def test_a_partly_filled_order_is_canceled_with_what_it_got(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    order = limit(alice, symbol, "SELL", "1", "100")
    market(bob, symbol, "BUY", quantity="0.4")

    reply = alice.delete(ORDER, symbol=symbol, orderId=order["orderId"])

    assert (reply["executedQty"], reply["cummulativeQuoteQty"]) == ("0.40000000", "40.00000000")


def test_what_is_not_open_is_unknown(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    order = limit(alice, symbol, "SELL", "1", "100")
    market(bob, symbol, "BUY", quantity="1")

    for name in (
        {"orderId": order["orderId"]},
        {"origClientOrderId": order["clientOrderId"]},
        {"orderId": 999},
        {"origClientOrderId": "never-was"},
    ):
        with pytest.raises(RefusedError) as refused:
            alice.delete(ORDER, symbol=symbol, **name)
        assert refused.value.said == _UNKNOWN


def test_two_names_must_be_one_orders(alice: SignedClient, symbol: str) -> None:
    first = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="a")
    limit(alice, symbol, "SELL", "1", "101", newClientOrderId="b")

    with pytest.raises(RefusedError) as refused:
        alice.delete(ORDER, symbol=symbol, orderId=first["orderId"], origClientOrderId="b")
    message = "Client order ID is not correct for this order ID."
    assert refused.value.said == (400, -2039, message)

    reply = alice.delete(ORDER, symbol=symbol, orderId=first["orderId"], origClientOrderId="a")
    assert reply["status"] == "CANCELED"


@pytest.mark.parametrize(
    ("name", "code"), [({}, -1102), ({"orderId": 0}, -1102), ({"orderId": "x"}, -1100)]
)
def test_an_order_must_be_named(
    alice: SignedClient, symbol: str, name: dict[str, object], code: int
) -> None:
    for method in ("DELETE", "GET"):
        with pytest.raises(RefusedError) as refused:
            alice.ask(method, ORDER, symbol=symbol, **name)
        assert refused.value.code == code


def test_restrictions(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    order = limit(alice, symbol, "SELL", "1", "100")["orderId"]

    def refused_with(restriction: str) -> tuple[int, int, str]:
        with pytest.raises(RefusedError) as refused:
            alice.delete(ORDER, symbol=symbol, orderId=order, cancelRestrictions=restriction)
        return refused.value.said

    message = "Order was not canceled due to cancel restrictions."
    assert refused_with("ONLY_PARTIALLY_FILLED") == (400, -2011, message)
    market(bob, symbol, "BUY", quantity="0.4")
    assert refused_with("ONLY_NEW") == (400, -2011, message)
    assert refused_with("ALWAYS") == (400, -1145, "Invalid cancelRestrictions")
    assert alice.delete(
        ORDER, symbol=symbol, orderId=order, cancelRestrictions="ONLY_PARTIALLY_FILLED"
    )


def test_all_open_orders_of_a_symbol(
    alice: SignedClient, bob: SignedClient, symbol: str, symbols: object
) -> None:
    other = next(symbols)  # type: ignore[call-overload]
    numbers = [limit(alice, symbol, "SELL", "1", str(100 + n))["orderId"] for n in range(3)]
    stop = {"type": "STOP_LOSS", "quantity": "1", "stopPrice": "90"}
    numbers.append(alice.post(ORDER, symbol=symbol, side="SELL", **stop)["orderId"])
    limit(alice, other, "SELL", "1", "100")
    limit(bob, symbol, "SELL", "1", "100")

    replies = alice.delete("/api/v3/openOrders", symbol=symbol)

    assert [each["orderId"] for each in replies] == numbers
    assert {each["status"] for each in replies} == {"CANCELED"}
    assert len({each["clientOrderId"] for each in replies}) == 1
    assert alice.get("/api/v3/openOrders", symbol=symbol) == []
    assert len(alice.get("/api/v3/openOrders", symbol=other)) == 1
    assert len(bob.get("/api/v3/openOrders", symbol=symbol)) == 1
    with pytest.raises(RefusedError) as refused:
        alice.delete("/api/v3/openOrders", symbol=symbol)
    assert refused.value.said == _UNKNOWN


def test_cancels_that_race_with_their_placements_are_all_answered(
    alice: SignedClient, symbol: str
) -> None:
    names = [f"raced-{number}" for number in range(8)]

    def place(name: str) -> str:
        return str(limit(alice, symbol, "SELL", "1", "100", newClientOrderId=name)["status"])

    def cancel(name: str) -> str:
        try:
            return str(alice.delete(ORDER, symbol=symbol, origClientOrderId=name)["status"])
        except RefusedError as refused:
            assert refused.said == _UNKNOWN
            return "UNKNOWN"

    with ThreadPoolExecutor(16) as threads:
        placed = [threads.submit(place, name) for name in names]
        canceled = [threads.submit(cancel, name) for name in names]
        # Whoever came second waited in the stage for the other one, and was told all the same.
        assert [each.result() for each in placed] == ["NEW"] * 8
        outcomes = [each.result() for each in canceled]

    open_now = {each["clientOrderId"] for each in alice.get("/api/v3/openOrders", symbol=symbol)}
    left = {name for name, told in zip(names, outcomes, strict=True) if told == "UNKNOWN"}
    assert open_now == left
