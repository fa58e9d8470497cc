"""Orders of every type, and what is answered to each."""

from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.conftest import NewClient
from tests.web.account.orders import ORDER, await_order, limit, market
from tests.web.signed_client import RefusedError, SignedClient

_ACK = {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
_RESULT = _ACK | {
    "price",
    "origQty",
    "executedQty",
    "origQuoteOrderQty",
    "cummulativeQuoteQty",
    "status",
    "timeInForce",
    "type",
    "side",
    "workingTime",
    "selfTradePreventionMode",
}


def test_a_limit_order_rests_and_is_answered_in_full(alice: SignedClient, symbol: str) -> None:
    reply = limit(alice, symbol, "SELL", "0.5", "100.10", newClientOrderId="mine-1")

    assert reply.keys() == _RESULT | {"fills"}
    assert reply["clientOrderId"] == "mine-1"
    assert reply["orderListId"] == -1
    assert reply["transactTime"] == reply["workingTime"]
    assert {name: reply[name] for name in ("price", "origQty", "executedQty")} == {
        "price": "100.10000000",
        "origQty": "0.50000000",
        "executedQty": "0.00000000",
    }
    assert (reply["status"], reply["type"], reply["side"]) == ("NEW", "LIMIT", "SELL")
    assert reply["selfTradePreventionMode"] == "EXPIRE_MAKER"
    assert reply["fills"] == []
    await_condition(lambda: alice.balance("BTC")[1] == 50_000_000, "the hold is seen")


def test_a_taker_is_told_each_fill_with_its_commission(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    limit(alice, symbol, "SELL", "0.5", "100")
    limit(alice, symbol, "SELL", "0.5", "101")

    reply = limit(bob, symbol, "BUY", "0.8", "101")

    assert reply["status"] == "FILLED"
    assert reply["executedQty"] == "0.80000000"
    assert reply["cummulativeQuoteQty"] == "80.30000000"
    assert reply["fills"] == [
        {
            "price": "100.00000000",
            "qty": "0.50000000",
            "commission": "0.00100000",
            "commissionAsset": "BTC",
            "tradeId": 1,
        },
        {
            "price": "101.00000000",
            "qty": "0.30000000",
            "commission": "0.00060000",
            "commissionAsset": "BTC",
            "tradeId": 2,
        },
    ]


@pytest.mark.parametrize(
    ("kind", "names"), [("ACK", _ACK), ("RESULT", _RESULT), ("FULL", _RESULT | {"fills"})]
)
def test_the_answer_is_as_long_as_was_asked_for(
    alice: SignedClient, symbol: str, kind: str, names: set[str]
) -> None:
    assert limit(alice, symbol, "BUY", "1", "50", newOrderRespType=kind).keys() == names


def test_only_market_and_limit_orders_are_answered_in_full_by_themselves(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    maker = {"type": "LIMIT_MAKER", "quantity": "1", "price": "100"}
    stop = {"type": "STOP_LOSS", "quantity": "1", "stopPrice": "90"}

    assert alice.post(ORDER, symbol=symbol, side="SELL", **maker).keys() == _ACK
    assert "fills" in market(bob, symbol, "BUY", quantity="0.1")
    assert alice.post(ORDER, symbol=symbol, side="SELL", **stop).keys() == _ACK


def test_a_market_order_by_quantity_is_paid_by_the_book_and_gets_its_rest_back(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    limit(alice, symbol, "SELL", "1", "100")

    reply = market(bob, symbol, "BUY", quantity="0.5")

    assert (reply["status"], reply["price"], reply["timeInForce"]) == (
        "FILLED",
        "0.00000000",
        "GTC",
    )
    assert [fill["qty"] for fill in reply["fills"]] == ["0.50000000"]
    await_condition(lambda: bob.balance("USDT") == (10**14 - 50 * 10**8, 0), "the rest is back")


def test_a_market_order_by_quote_quantity_buys_for_so_much(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    limit(alice, symbol, "SELL", "1", "100")

    reply = market(bob, symbol, "BUY", quoteOrderQty="25")

    assert reply["status"] == "FILLED"
    assert reply["origQuoteOrderQty"] == "25.00000000"
    assert reply["executedQty"] == "0.25000000"


def test_a_market_order_by_quote_quantity_sells_for_so_much(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    limit(alice, symbol, "BUY", "1", "100")

    reply = market(bob, symbol, "SELL", quoteOrderQty="25")

    assert (reply["status"], reply["executedQty"]) == ("FILLED", "0.25000000")
    assert reply["fills"][0]["commissionAsset"] == "USDT"
    assert reply["fills"][0]["commission"] == "0.05000000"


def test_a_market_order_that_empties_the_book_expires_with_what_it_got(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    limit(alice, symbol, "SELL", "0.3", "100")

    reply = market(bob, symbol, "BUY", quantity="1")

    assert (reply["status"], reply["executedQty"]) == ("EXPIRED", "0.30000000")
    assert reply["expiryReason"] == "INSUFFICIENT_LIQUIDITY"
    assert len(reply["fills"]) == 1


def test_a_market_order_stops_where_it_gets_much_worse_than_the_best_price(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    limit(alice, symbol, "SELL", "0.5", "100")
    limit(alice, symbol, "SELL", "0.5", "200")

    reply = market(bob, symbol, "BUY", quantity="1")

    # Its budget is 105: that is 50, and 0.275 at 200.
    assert (reply["status"], reply["executedQty"]) == ("EXPIRED", "0.77500000")
    assert reply["expiryReason"] == "INSUFFICIENT_LIQUIDITY"


def test_who_can_pay_for_the_book_but_not_for_the_band_is_served(
    alice: SignedClient, new_client: NewClient, symbol: str
) -> None:
    limit(alice, symbol, "SELL", "0.6", "100")
    limit(alice, symbol, "SELL", "0.4", "101")
    poor = new_client("poor", units=10_040_000_000)

    reply = market(poor, symbol, "BUY", quantity="1")

    assert (reply["status"], reply["cummulativeQuoteQty"]) == ("FILLED", "100.40000000")


def test_immediate_or_cancel_and_fill_or_kill_expire(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    limit(alice, symbol, "SELL", "0.5", "100")

    killed = limit(bob, symbol, "BUY", "1", "100", timeInForce="FOK")
    cut = limit(bob, symbol, "BUY", "1", "100", timeInForce="IOC")

    assert (killed["status"], killed["executedQty"]) == ("EXPIRED", "0.00000000")
    assert killed["expiryReason"] == "UNFILLED_FOK_ORDER_EXPIRED"
    assert (cut["status"], cut["executedQty"]) == ("EXPIRED", "0.50000000")
    assert cut["expiryReason"] == "UNFILLED_IOC_QUANTITY_EXPIRED"


def test_a_limit_maker_makes_or_is_refused(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    terms: dict[str, Any] = {"type": "LIMIT_MAKER", "quantity": "0.5", "price": "100"}
    reply = alice.post(ORDER, symbol=symbol, side="SELL", newOrderRespType="RESULT", **terms)
    assert (reply["status"], reply["timeInForce"]) == ("NEW", "GTC")

    with pytest.raises(RefusedError) as refused:
        bob.post(ORDER, symbol=symbol, side="BUY", **terms)

    assert refused.value.said == (400, -2010, "Order would immediately match and take.")


def test_an_iceberg_shows_its_tip(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    reply = limit(alice, symbol, "SELL", "1", "100", icebergQty="0.25")
    assert reply["icebergQty"] == "0.25000000"

    taken = market(bob, symbol, "BUY", quantity="0.6")

    assert [fill["qty"] for fill in taken["fills"]] == ["0.25000000", "0.25000000", "0.10000000"]
    shown = await_order(alice, symbol, reply["orderId"], executedQty="0.60000000")
    assert shown["icebergQty"] == "0.25000000"


@pytest.mark.parametrize(
    ("order_type", "side", "stop_price", "price"),
    [
        ("STOP_LOSS", "SELL", "95", None),
        ("STOP_LOSS_LIMIT", "SELL", "95", "90"),
        ("TAKE_PROFIT", "BUY", "95", None),
        ("TAKE_PROFIT_LIMIT", "BUY", "95", "96"),
    ],
)
def test_a_stop_waits_for_its_price_and_then_works(
    alice: SignedClient,
    bob: SignedClient,
    symbol: str,
    order_type: str,
    side: str,
    stop_price: str,
    price: str | None,
) -> None:
    limit(alice, symbol, "SELL", "0.1", "100")
    market(bob, symbol, "BUY", quantity="0.1")
    terms = {"quantity": "0.5", "stopPrice": stop_price, "newOrderRespType": "RESULT"}
    if price is not None:
        terms |= {"price": price, "timeInForce": "GTC"}

    reply = bob.post(ORDER, symbol=symbol, side=side, type=order_type, **terms)
    assert (reply["status"], reply["stopPrice"]) == ("NEW", f"{stop_price}.00000000")
    assert reply["workingTime"] == -1
    assert not bob.get(ORDER, symbol=symbol, orderId=reply["orderId"])["isWorking"]

    # A trade at its price wakes it up; it meets what is there.
    opposite = "BUY" if side == "SELL" else "SELL"
    limit(alice, symbol, opposite, "0.7", "95")
    market(bob, symbol, side, quantity="0.1")

    def woken() -> Any:
        order = bob.get(ORDER, symbol=symbol, orderId=reply["orderId"])
        return order if order["status"] == "FILLED" else None

    order = await_condition(woken, "the stop is filled")
    assert order["isWorking"]
    assert order["workingTime"] > 0
    assert order["executedQty"] == "0.50000000"


def test_what_its_own_stop_does_with_an_order_is_in_its_answer(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    limit(bob, symbol, "SELL", "0.1", "100")
    market(alice, symbol, "BUY", quantity="0.1")
    stop = {"type": "STOP_LOSS", "quantity": "0.2", "stopPrice": "95"}
    alice.post(ORDER, symbol=symbol, side="SELL", selfTradePreventionMode="NONE", **stop)
    limit(bob, symbol, "SELL", "0.3", "95")

    # It takes 0.3, and its rest meets the stop that this wakes up, as a maker.
    reply = limit(alice, symbol, "BUY", "1", "95", selfTradePreventionMode="NONE")

    assert reply["executedQty"] == "0.50000000"
    assert reply["status"] == "PARTIALLY_FILLED"
    assert [fill["qty"] for fill in reply["fills"]] == ["0.30000000", "0.20000000"]
    assert [fill["commission"] for fill in reply["fills"]] == ["0.00060000", "0.00020000"]
