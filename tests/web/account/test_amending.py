"""Amendments in all their outcomes."""

from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import ORDER, await_order, limit, market
from tests.web.signed_client import RefusedError, SignedClient

_PATH = f"{ORDER}/amend/keepPriority"


def test_an_order_is_reduced_and_keeps_its_place(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    first = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="first")
    limit(bob, symbol, "SELL", "1", "100")

    reply = alice.put(
        _PATH, symbol=symbol, orderId=first["orderId"], newQty="0.6", newClientOrderId="smaller"
    )

    assert reply.keys() == {"transactTime", "executionId", "amendedOrder"}
    assert reply["amendedOrder"] == {
        "symbol": symbol,
        "orderId": first["orderId"],
        "orderListId": -1,
        "origClientOrderId": "first",
        "clientOrderId": "smaller",
        "price": "100.00000000",
        "qty": "0.60000000",
        "executedQty": "0.00000000",
        "preventedQty": "0.00000000",
        "quoteOrderQty": "0.00000000",
        "cumulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "SELL",
        "workingTime": first["workingTime"],
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }
    await_condition(lambda: alice.balance("BTC")[1] == 60_000_000, "the hold is smaller")
    market(bob, symbol, "BUY", quantity="0.5", selfTradePreventionMode="NONE")
    await_order(alice, symbol, first["orderId"], executedQty="0.50000000")


def test_its_names(alice: SignedClient, symbol: str) -> None:
    order = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="one")

    kept = alice.put(
        _PATH, symbol=symbol, origClientOrderId="one", newQty="0.9", newClientOrderId="one"
    )
    made = alice.put(_PATH, symbol=symbol, origClientOrderId="one", newQty="0.8")

    assert kept["amendedOrder"]["clientOrderId"] == "one"
    name = made["amendedOrder"]["clientOrderId"]
    assert len(name) == 22
    by_new = alice.get(ORDER, symbol=symbol, origClientOrderId=name)
    assert by_new["orderId"] == order["orderId"]
    with pytest.raises(RefusedError) as refused:
        alice.get(ORDER, symbol=symbol, origClientOrderId="one")
    assert refused.value.code == -2013


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ("1", (400, -2038, "The requested action would change no state; rejecting")),
        ("1.1", (400, -2038, "Order amend (quantity increase) is not supported.")),
        ("0.4", (400, -2038, "Price * QTY is zero or less.")),
        ("0", (400, -2038, "Price * QTY is zero or less.")),
        ("9001", (400, -1013, "Filter failure: LOT_SIZE")),
        ("0.500001", (400, -1013, "Filter failure: LOT_SIZE")),
        ("0.123456789", (400, -1111, "Parameter 'newQty' has too much precision.")),
    ],
)
def test_quantities_that_will_not_do(
    alice: SignedClient, bob: SignedClient, symbol: str, quantity: str, said: tuple[int, int, str]
) -> None:
    order = limit(alice, symbol, "SELL", "1", "100")
    market(bob, symbol, "BUY", quantity="0.4")

    with pytest.raises(RefusedError) as refused:
        alice.put(_PATH, symbol=symbol, orderId=order["orderId"], newQty=quantity)

    assert refused.value.said == said
    shown = await_order(alice, symbol, order["orderId"], status="PARTIALLY_FILLED")
    assert shown["origQty"] == "1.00000000"


def test_too_little_left_for_the_notional_filter(alice: SignedClient, symbol: str) -> None:
    order = limit(alice, symbol, "SELL", "1", "100")

    with pytest.raises(RefusedError) as refused:
        alice.put(_PATH, symbol=symbol, orderId=order["orderId"], newQty="0.04")

    assert refused.value.said == (400, -1013, "Filter failure: NOTIONAL")


def test_an_order_that_is_not_there(alice: SignedClient, symbol: str) -> None:
    other = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="other")

    with pytest.raises(RefusedError) as refused:
        alice.put(_PATH, symbol=symbol, orderId=999, newQty="1")
    assert refused.value.said == (400, -2038, "Unknown order sent.")
    with pytest.raises(RefusedError) as refused:
        alice.put(
            _PATH, symbol=symbol, orderId=other["orderId"], origClientOrderId="no", newQty="0.5"
        )
    assert refused.value.said == (400, -2039, "Client order ID is not correct for this order ID.")


def test_a_name_that_is_taken(alice: SignedClient, symbol: str) -> None:
    limit(alice, symbol, "SELL", "1", "100", newClientOrderId="taken")
    order = limit(alice, symbol, "SELL", "1", "100")

    with pytest.raises(RefusedError) as refused:
        alice.put(
            _PATH, symbol=symbol, orderId=order["orderId"], newQty="0.5", newClientOrderId="taken"
        )
    assert refused.value.said == (400, -2038, "Duplicate order sent.")


def test_amendments_are_told_with_what_they_changed(alice: SignedClient, symbol: str) -> None:
    order = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="a")
    done: list[Any] = []
    for quantity, name in (("0.9", "b"), ("0.7", "c"), ("0.5", "d")):
        done.append(
            alice.put(
                _PATH,
                symbol=symbol,
                orderId=order["orderId"],
                newQty=quantity,
                newClientOrderId=name,
            )
        )

    def amendments(**more: Any) -> Any:
        return alice.get(f"{ORDER}/amendments", symbol=symbol, orderId=order["orderId"], **more)

    told = amendments()
    assert [(each["origQty"], each["newQty"]) for each in told] == [
        ("1.00000000", "0.90000000"),
        ("0.90000000", "0.70000000"),
        ("0.70000000", "0.50000000"),
    ]
    assert [(each["origClientOrderId"], each["newClientOrderId"]) for each in told] == [
        ("a", "b"),
        ("b", "c"),
        ("c", "d"),
    ]
    assert [each["executionId"] for each in told] == [each["executionId"] for each in done]
    assert amendments(fromExecutionId=done[1]["executionId"]) == told[1:]
    assert amendments(limit=1) == told[:1]
