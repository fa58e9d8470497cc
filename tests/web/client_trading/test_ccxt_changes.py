"""ccxt changes and combines orders: edits, amendments, lists, icebergs, and what meets its own."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import limit, market
from tests.web.client_trading.account import Account
from tests.web.client_trading.ccxt_view import await_money, await_stands, shown, stands, trades_of
from tests.web.running_exchange import RunningGateway
from tests.web.signed_client import SignedClient
from tests.web.unchanged_clients import ccxt_client


@pytest.fixture
def client(gateway: RunningGateway, alice: Account) -> Iterator[Any]:
    """Alice's ccxt."""
    with ccxt_client(gateway.url, alice.key) as made:
        made.load_markets()
        yield made


def test_an_edit_cancels_the_order_and_places_another(
    client: Any, alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    first = client.create_order(pair, "limit", "buy", 1, 95, {"clientOrderId": "first"})
    market(bob, symbol, "SELL", quantity="0.25")

    second = client.edit_order(first["id"], pair, "limit", "buy", 0.5, 96.5)

    assert (second["status"], second["amount"], second["price"]) == ("open", 0.5, 96.5)
    before = client.fetch_order(first["id"], pair)
    assert stands(before) == ("canceled", 0.25, 0.75, 95, 23.75)
    assert before["clientOrderId"] == "first"
    assert [each["id"] for each in client.fetch_open_orders(pair)] == [second["id"]]
    await_money(client, alice, locked="48.25")
    # It is gone, so nothing is placed in its stead.
    with pytest.raises(ccxt.ExchangeError, match="Order cancel-replace failed"):
        client.edit_order(first["id"], pair, "limit", "buy", 1, 97)
    assert [each["id"] for each in client.fetch_open_orders(pair)] == [second["id"]]

    third = client.edit_order(second["id"], pair, "limit", "sell", 1, 99, {"postOnly": True})

    assert (third["side"], third["info"]["type"]) == ("sell", "LIMIT_MAKER")
    await_money(client, alice, locked_coin="1")


def test_an_amended_order_keeps_its_place(
    client: Any, alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    order = client.create_order(pair, "limit", "sell", 1, 100, {"clientOrderId": "first"})
    limit(bob, symbol, "SELL", "1", "100")

    amended = client.request(
        "order/amend/keepPriority",
        "private",
        "PUT",
        {"symbol": symbol, "orderId": order["id"], "newQty": "0.4", "newClientOrderId": "less"},
    )

    assert amended["amendedOrder"]["qty"] == "0.40000000"
    assert client.fetch_order(order["id"], pair)["clientOrderId"] == "less"
    (told,) = client.request(
        "order/amendments", "private", "GET", {"symbol": symbol, "orderId": order["id"]}
    )
    assert (told["origQty"], told["newQty"]) == ("1.00000000", "0.40000000")
    await_money(client, alice, locked_coin="0.4")
    market(bob, symbol, "BUY", quantity="0.4", selfTradePreventionMode="NONE")
    await_stands(client, order["id"], pair, ("closed", 0.4, 0, 100, 40))
    assert bob.get("/api/v3/myTrades", symbol=symbol)[0]["isBuyer"] is True
    await_money(client, alice)


def test_all_orders_are_canceled_at_once(
    client: Any, alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    limit(bob, symbol, "SELL", "1", "120")
    ids = [client.create_limit_buy_order(pair, 1, 90 + step)["id"] for step in range(3)]
    ids.append(client.create_order(pair, "limit", "buy", 1, 131, {"triggerPrice": 130})["id"])
    await_money(client, alice, locked="404")

    canceled = client.cancel_all_orders(pair)

    assert [(each["id"], each["status"]) for each in canceled] == [(i, "canceled") for i in ids]
    assert client.fetch_open_orders(pair) == []
    assert [each["id"] for each in client.fetch_canceled_orders(pair)] == ids
    assert len(bob.get("/api/v3/openOrders", symbol=symbol)) == 1
    await_money(client, alice)
    with pytest.raises(ccxt.OrderNotFound):
        client.cancel_all_orders(pair)


def test_orders_are_listed_from_where_they_are_asked_for(client: Any, pair: str) -> None:
    placed = [client.create_limit_buy_order(pair, 1, 50 + step) for step in range(5)]
    client.cancel_order(placed[1]["id"], pair)
    ids = [each["id"] for each in placed]

    def listed(since: int | None = None, limit: int | None = None, **params: Any) -> list[str]:
        return [each["id"] for each in client.fetch_orders(pair, since, limit, params)]

    assert listed() == ids
    assert listed(None, 2) == ids[-2:]
    assert listed(placed[2]["timestamp"])[-3:] == ids[2:]
    assert listed(placed[0]["timestamp"], 2) == ids[:2]
    assert listed(None, 2, orderId=ids[1]) == ids[1:3]
    assert [each["id"] for each in client.fetch_open_orders(pair)] == [ids[0], *ids[2:]]
    client.options["warnOnFetchOpenOrdersWithoutSymbol"] = False
    assert len(client.fetch_open_orders()) == 4


def test_an_iceberg_shows_its_tip(
    client: Any, alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    order = client.create_order(pair, "limit", "sell", 1, 100, {"icebergAmount": 0.2})

    assert order["info"]["icebergQty"] == "0.20000000"
    await_condition(
        lambda: client.fetch_order_book(pair)["asks"] == [[100, 0.2]], "its tip is in the book"
    )
    market(bob, symbol, "BUY", quantity="0.3")
    await_stands(client, order["id"], pair, ("open", 0.3, 0.7, 100, 30))
    await_condition(
        lambda: client.fetch_order_book(pair)["asks"] == [[100, 0.1]], "what is left of a tip"
    )
    market(bob, symbol, "BUY", quantity="0.7")
    await_stands(client, order["id"], pair, ("closed", 1, 0, 100, 100))
    assert sum(each.quantity for each in alice.fills) == 1
    assert shown(client.fetch_my_trades(pair)) == trades_of(alice, pair)
    await_money(client, alice)


@pytest.mark.parametrize(
    ("mode", "resting", "coming", "traded"),
    [
        ("EXPIRE_MAKER", "expired", "open", 0),
        ("EXPIRE_TAKER", "open", "expired", 0),
        ("EXPIRE_BOTH", "expired", "expired", 0),
        ("NONE", "closed", "closed", 2),
    ],
)
def test_what_meets_its_own_is_prevented(
    client: Any,
    alice: Account,
    pair: str,
    symbol: str,
    mode: str,
    resting: str,
    coming: str,
    traded: int,
) -> None:
    maker = client.create_limit_sell_order(pair, 1, 100)

    taker = client.create_order(pair, "limit", "buy", 1, 100, {"selfTradePrevention": mode})

    assert taker["status"] == coming
    assert client.fetch_order(maker["id"], pair)["status"] == resting
    assert client.fetch_order(taker["id"], pair)["status"] == coming
    assert len(alice.fills) == traded
    asked = {"symbol": symbol, "orderId": taker["id"]}
    prevented = client.privateGetMyPreventedMatches(asked)
    assert [each["makerOrderId"] for each in prevented] == [int(maker["id"])] * (traded == 0)
    await_money(
        client,
        alice,
        locked="100" if coming == "open" else "0",
        locked_coin="1" if resting == "open" else "0",
    )


def test_an_order_that_is_only_tried_is_not_placed(
    client: Any, alice: Account, pair: str, symbol: str
) -> None:
    test = {"test": True}
    assert client.create_order(pair, "limit", "buy", 1, 95, test)["info"] == {}
    rates = client.create_order(
        pair, "limit", "buy", 1, 95, {**test, "computeCommissionRates": "true"}
    )["info"]["standardCommissionForOrder"]
    assert (rates["maker"], rates["taker"]) == ("0.00100000", "0.00200000")
    with pytest.raises(ccxt.BadRequest, match="NOTIONAL"):
        client.create_order(pair, "limit", "buy", 0.01, 100, test)

    assert client.fetch_orders(pair) == []
    assert alice.sent == 0


def test_a_trailing_stop_is_refused_as_an_invalid_order(client: Any, pair: str) -> None:
    trailing = {"trailingPercent": 1, "stopLossOrTakeProfit": "stopLoss"}
    with pytest.raises(ccxt.InvalidOrder, match="Trailing stop orders are not supported"):
        client.create_order(pair, "market", "sell", 1, None, trailing)


@pytest.mark.parametrize("is_old", [True, False])
def test_of_two_orders_one_cancels_the_other(
    client: Any,
    alice: Account,
    bob: SignedClient,
    pair: str,
    symbol: str,
    is_old: bool,
) -> None:
    outer = {"symbol": symbol, "side": "SELL", "quantity": "1", "listClientOrderId": "pair-1"}
    if is_old:
        old = {"price": "120", "stopPrice": "80", "stopLimitPrice": "79"}
        placed = client.privatePostOrderOco({**outer, **old, "stopLimitTimeInForce": "GTC"})
    else:
        above = {"aboveType": "LIMIT_MAKER", "abovePrice": "120"}
        below = {"belowType": "STOP_LOSS_LIMIT", "belowStopPrice": "80", "belowPrice": "79"}
        placed = client.privatePostOrderListOco(
            {**outer, **above, **below, "belowTimeInForce": "GTC"}
        )

    asked = {"orderListId": placed["orderListId"]}
    told = {name: each for name, each in placed.items() if name != "orderReports"}
    assert client.privateGetOrderList(asked) == told
    assert client.privateGetOpenOrderList() == [told]
    orders = client.fetch_open_orders(pair)
    assert {each["info"]["type"] for each in orders} == {"LIMIT_MAKER", "STOP_LOSS_LIMIT"}
    # One of them will do it, so it is paid for once.
    await_money(client, alice, locked_coin="1")

    if is_old:
        market(bob, symbol, "BUY", quantity="1")
        statuses = {"LIMIT_MAKER": "closed", "STOP_LOSS_LIMIT": "expired"}
    else:
        client.privateDeleteOrderList({"symbol": symbol, **asked})
        statuses = {"LIMIT_MAKER": "canceled", "STOP_LOSS_LIMIT": "canceled"}

    def ends() -> Any:
        return {each["info"]["type"]: each["status"] for each in client.fetch_orders(pair)}

    await_condition(lambda: ends() == statuses, f"{statuses}")
    assert client.privateGetOpenOrderList() == []
    assert client.privateGetAllOrderList()[0]["listOrderStatus"] == "ALL_DONE"
    assert [each.price for each in alice.fills] == [Decimal(120)] * is_old
    await_money(client, alice)
