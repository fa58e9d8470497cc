"""python-binance trades, and what it says is what happened: by the log, and at the other side."""

import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import await_trades, limit, market
from tests.web.client_trading.account import Account
from tests.web.client_trading.binance_view import fills_of, money, my_trades, stands
from tests.web.running_exchange import RunningGateway
from tests.web.signed_client import SignedClient
from tests.web.unchanged_clients import python_binance_client

with warnings.catch_warnings():
    # It asks websockets for names of old.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance.exceptions import BinanceAPIException


@pytest.fixture
def client(gateway: RunningGateway, alice: Account) -> Iterator[Any]:
    """Alice's python-binance."""
    with python_binance_client(gateway.url, alice.key) as made:
        yield made


def await_money(client: Any, account: Account, **locked: str) -> None:
    """Wait until the client shows exactly what the log makes of the account's money."""
    expected = account.balances(**locked)
    await_condition(lambda: money(client.get_account()) == expected, f"{expected}")


def test_a_limit_order_rests_holds_its_money_and_is_canceled(
    client: Any, alice: Account, symbol: str
) -> None:
    placed = client.order_limit_buy(symbol=symbol, quantity=0.5, price="100.1")

    assert stands(placed) == ("NEW", "0.00000000", "0.00000000")
    assert (placed["type"], placed["timeInForce"], placed["fills"]) == ("LIMIT", "GTC", [])
    (found,) = client.get_open_orders(symbol=symbol)
    assert found == client.get_order(symbol=symbol, orderId=placed["orderId"])
    by_name = client.get_order(symbol=symbol, origClientOrderId=placed["clientOrderId"])
    assert by_name == found == client.get_open_orders()[0]
    await_money(client, alice, locked="50.05")
    usdt = client.get_asset_balance(asset="USDT")
    assert (usdt["free"], usdt["locked"]) == ("999949.95000000", "50.05000000")

    canceled = client.cancel_order(symbol=symbol, orderId=placed["orderId"])

    assert canceled["status"] == "CANCELED"
    assert canceled["origClientOrderId"] == placed["clientOrderId"]
    assert client.get_open_orders(symbol=symbol) == []
    (closed,) = client.get_all_orders(symbol=symbol)
    assert (closed["orderId"], closed["status"]) == (placed["orderId"], "CANCELED")
    await_money(client, alice)


def test_fills_and_fees_are_what_happened(
    client: Any, alice: Account, bob: SignedClient, symbol: str
) -> None:
    for quantity, price in (("0.5", "100"), ("0.5", "101.01")):
        limit(bob, symbol, "SELL", quantity, price)
    limit(bob, symbol, "BUY", "0.5", "90")

    bought = client.order_limit_buy(symbol=symbol, quantity="0.8", price="102")
    spent = client.order_market_buy(symbol=symbol, quoteOrderQty="10.101")
    sold = client.order_market_sell(symbol=symbol, quantity="0.1")
    earned = client.order_market_sell(symbol=symbol, quoteOrderQty=18)

    assert stands(bought) == ("FILLED", "0.80000000", "80.30300000")
    assert stands(spent) == ("FILLED", "0.10000000", "10.10100000")
    assert stands(sold) == ("FILLED", "0.10000000", "9.00000000")
    assert stands(earned) == ("FILLED", "0.20000000", "18.00000000")
    for order in (bought, spent, sold, earned):
        assert order["fills"] == fills_of(alice, order["orderId"])
    assert [each["commission"] for each in bought["fills"]] == ["0.00100000", "0.00060000"]
    expected = my_trades(alice)
    assert client.get_my_trades(symbol=symbol) == expected
    assert client.get_my_trades(symbol=symbol, fromId=3, limit=2) == expected[2:4]
    assert client.get_my_trades(symbol=symbol, orderId=sold["orderId"]) == expected[3:4]
    await_money(client, alice)
    makers = await_trades(bob, symbol, len(expected))
    assert [each["id"] for each in makers] == [each["id"] for each in expected]
    assert {each["isMaker"] for each in makers} == {True}


@pytest.mark.parametrize(
    ("terms", "stand"),
    [
        ({"type": "LIMIT", "timeInForce": "IOC", "quantity": 1, "price": 100}, "EXPIRED 0.4 40"),
        ({"type": "LIMIT", "timeInForce": "FOK", "quantity": 1, "price": 100}, "EXPIRED 0 0"),
        ({"type": "LIMIT", "timeInForce": "FOK", "quantity": 0.4, "price": 100}, "FILLED 0.4 40"),
        ({"type": "LIMIT_MAKER", "quantity": 1, "price": 99}, "NEW 0 0"),
        ({"type": "STOP_LOSS", "quantity": 1, "stopPrice": 110}, "NEW 0 0"),
        (
            {
                "type": "STOP_LOSS_LIMIT",
                "timeInForce": "GTC",
                "quantity": 1,
                "price": 111,
                "stopPrice": 110,
            },
            "NEW 0 0",
        ),
        ({"type": "TAKE_PROFIT", "quantity": 1, "stopPrice": 90}, "NEW 0 0"),
        (
            {
                "type": "TAKE_PROFIT_LIMIT",
                "timeInForce": "GTC",
                "quantity": 1,
                "price": 91,
                "stopPrice": 90,
            },
            "NEW 0 0",
        ),
        (
            {
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": 1,
                "price": 90,
                "icebergQty": 0.25,
                "selfTradePreventionMode": "EXPIRE_TAKER",
            },
            "NEW 0 0",
        ),
    ],
)
def test_each_type_of_order_is_taken(
    client: Any,
    alice: Account,
    bob: SignedClient,
    symbol: str,
    terms: dict[str, Any],
    stand: str,
) -> None:
    limit(bob, symbol, "SELL", "0.5", "100")
    market(bob, symbol, "BUY", quantity="0.1", selfTradePreventionMode="NONE")

    order = client.create_order(symbol=symbol, side="BUY", newOrderRespType="FULL", **terms)

    status, executed, cost = stand.split()
    seen = client.get_order(symbol=symbol, orderId=order["orderId"])
    for each in (order, seen):
        assert (each["status"], each["type"]) == (status, terms["type"])
        assert Decimal(each["executedQty"]) == Decimal(executed)
        assert Decimal(each["cummulativeQuoteQty"]) == Decimal(cost)
        assert each["selfTradePreventionMode"] == terms.get(
            "selfTradePreventionMode", "EXPIRE_MAKER"
        )
    assert Decimal(seen["stopPrice"]) == terms.get("stopPrice", 0)
    assert Decimal(seen["icebergQty"]) == Decimal(str(terms.get("icebergQty", 0)))
    assert order["fills"] == fills_of(alice, order["orderId"])
    if status == "NEW":
        (canceled,) = client.cancel_all_open_orders(symbol=symbol)
        assert (canceled["orderId"], canceled["status"]) == (order["orderId"], "CANCELED")
    await_money(client, alice)


def test_a_stop_is_triggered_and_sells(
    client: Any, alice: Account, bob: SignedClient, symbol: str
) -> None:
    limit(bob, symbol, "BUY", "0.1", "100")
    client.order_market_sell(symbol=symbol, quantity=0.1)
    stop = client.create_order(
        symbol=symbol, side="SELL", type="STOP_LOSS", quantity=0.5, stopPrice=95
    )
    limit(bob, symbol, "BUY", "0.2", "94.5")
    limit(bob, symbol, "BUY", "0.4", "94")

    client.order_market_sell(symbol=symbol, quantity=0.1)

    def is_done() -> Any:
        order = client.get_order(symbol=symbol, orderId=stop["orderId"])
        return order["status"] == "FILLED" and order

    done = await_condition(is_done, "it has sold")
    assert stands(done) == ("FILLED", "0.50000000", "47.05000000")
    assert client.get_my_trades(symbol=symbol) == my_trades(alice)
    await_money(client, alice)


def test_orders_are_replaced_and_amended(
    client: Any, alice: Account, bob: SignedClient, symbol: str
) -> None:
    first = client.order_limit_buy(symbol=symbol, quantity=1, price=95)
    new = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": 0.5, "price": 96.5}
    replaced = client.cancel_replace_order(
        symbol=symbol, cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=first["orderId"], **new
    )
    assert (replaced["cancelResult"], replaced["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    second = replaced["newOrderResponse"]
    with pytest.raises(BinanceAPIException) as gone:
        client.cancel_replace_order(
            symbol=symbol,
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=first["orderId"],
            **new,
        )
    assert (gone.value.status_code, gone.value.code) == (400, -2022)
    with pytest.raises(BinanceAPIException) as partly:
        client.cancel_replace_order(
            symbol=symbol, cancelReplaceMode="ALLOW_FAILURE", cancelOrderId=first["orderId"], **new
        )
    assert (partly.value.status_code, partly.value.code) == (409, -2021)
    placed = partly.value.response.json()["data"]["newOrderResponse"]
    assert placed["status"] == "NEW"

    amended = client._put(
        "order/amend/keepPriority",
        True,
        data={"symbol": symbol, "orderId": second["orderId"], "newQty": "0.4"},
    )

    assert amended["amendedOrder"]["qty"] == "0.40000000"
    ids = [each["orderId"] for each in client.get_open_orders(symbol=symbol)]
    assert ids == [second["orderId"], placed["orderId"]]
    market(bob, symbol, "SELL", quantity="0.4")
    await_condition(
        lambda: client.get_order(symbol=symbol, orderId=second["orderId"])["status"] == "FILLED",
        "the second one is filled",
    )
    await_money(client, alice, locked="48.25")


@pytest.mark.parametrize("is_filled", [True, False])
def test_of_two_orders_one_cancels_the_other(
    client: Any, alice: Account, bob: SignedClient, symbol: str, is_filled: bool
) -> None:
    terms = {
        **{"symbol": symbol, "quantity": 1, "aboveType": "LIMIT_MAKER", "abovePrice": 120},
        **{"belowType": "STOP_LOSS_LIMIT", "belowStopPrice": 80, "belowPrice": 79},
        "belowTimeInForce": "GTC",
    }
    placed = client.create_oco_order(side="SELL", **terms)

    asked = {"orderListId": placed["orderListId"]}
    told = {name: each for name, each in placed.items() if name != "orderReports"}
    assert client.v3_get_order_list(**asked) == told
    assert client.get_open_oco_orders() == [told]
    await_money(client, alice, locked_coin="1")

    if is_filled:
        market(bob, symbol, "BUY", quantity="1")
    else:
        gone = client.v3_delete_order_list(symbol=symbol, **asked)
        assert gone["listOrderStatus"] == "ALL_DONE"

    ends = ["FILLED", "EXPIRED"] if is_filled else ["CANCELED", "CANCELED"]
    await_condition(
        lambda: [each["status"] for each in client.get_all_orders(symbol=symbol)] == ends,
        f"both ended as {ends}",
    )
    assert client.get_open_oco_orders() == []
    assert client.v3_get_all_order_list()[-1]["listOrderStatus"] == "ALL_DONE"
    await_money(client, alice)
