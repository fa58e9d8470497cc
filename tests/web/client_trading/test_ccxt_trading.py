"""ccxt trades, and what it says is what happened: by the log, and at the other side."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import await_trades, limit, market
from tests.web.client_trading.account import Account
from tests.web.client_trading.ccxt_view import (
    await_money,
    await_stands,
    shown,
    stands,
    trades_of,
)
from tests.web.running_exchange import RunningGateway
from tests.web.signed_client import SignedClient
from tests.web.unchanged_clients import ccxt_client


@pytest.fixture
def client(gateway: RunningGateway, alice: Account) -> Iterator[Any]:
    """Alice's ccxt."""
    with ccxt_client(gateway.url, alice.key) as made:
        made.load_markets()
        yield made


def test_a_limit_order_rests_holds_its_money_and_is_canceled(
    client: Any, alice: Account, pair: str
) -> None:
    placed = client.create_order(pair, "limit", "buy", 0.5, 100.1, {"clientOrderId": "mine-1"})

    assert (placed["clientOrderId"], placed["type"], placed["side"]) == ("mine-1", "limit", "buy")
    assert (placed["timeInForce"], placed["price"], placed["amount"]) == ("GTC", 100.1, 0.5)
    assert stands(placed) == ("open", 0, 0.5, None, 0)
    for found in (
        client.fetch_order(placed["id"], pair),
        client.fetch_order(None, pair, {"clientOrderId": "mine-1"}),
        *client.fetch_open_orders(pair),
    ):
        assert (found["id"], found["timestamp"]) == (placed["id"], placed["timestamp"])
    await_money(client, alice, locked="50.05")

    assert client.cancel_order(placed["id"], pair)["status"] == "canceled"

    assert client.fetch_open_orders(pair) == []
    (canceled,) = client.fetch_canceled_orders(pair)
    assert (canceled["id"], canceled["clientOrderId"]) == (placed["id"], "mine-1")
    await_money(client, alice)
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        client.cancel_order(placed["id"], pair)


def test_a_taker_is_told_each_fill_and_its_fee(
    client: Any, alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    limit(bob, symbol, "SELL", "0.5", "100")
    limit(bob, symbol, "SELL", "0.5", "101.01")

    order = client.create_limit_buy_order(pair, 0.8, 102)

    assert stands(order) == ("closed", 0.8, 0, pytest.approx(100.37875), 80.303)
    assert [(each["price"], each["amount"]) for each in order["trades"]] == [
        (100, 0.5),
        (101.01, 0.3),
    ]
    fees = [0.001, 0.0006]
    assert [each["fee"] for each in order["trades"]] == [
        {"currency": alice.coin, "cost": cost} for cost in fees
    ]
    expected = trades_of(alice, pair)
    assert [each["fee"]["cost"] for each in expected] == fees
    assert shown(client.fetch_my_trades(pair)) == expected
    assert shown(client.fetch_order_trades(order["id"], pair)) == expected
    assert shown(client.fetch_my_trades(pair, expected[0]["timestamp"], 1)) == expected[:1]
    (closed,) = client.fetch_closed_orders(pair)
    assert stands(closed) == stands(order)
    await_money(client, alice)
    seen_by_bob = await_trades(bob, symbol, 2)
    assert [(each["id"], each["qty"], each["isMaker"]) for each in seen_by_bob] == [
        (1, "0.50000000", True),
        (2, "0.30000000", True),
    ]


def test_a_maker_is_filled_in_steps_at_its_lower_rate(
    client: Any, alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    order = client.create_order(pair, "limit", "sell", 1, 100, {"postOnly": True})
    assert (order["info"]["type"], order["postOnly"]) == ("LIMIT_MAKER", True)
    market(bob, symbol, "BUY", quantity="0.25")
    await_stands(client, order["id"], pair, ("open", 0.25, 0.75, 100, 25))
    await_money(client, alice, locked_coin="0.75")

    market(bob, symbol, "BUY", quoteOrderQty="75")

    await_stands(client, order["id"], pair, ("closed", 1, 0, 100, 100))
    expected = trades_of(alice, pair)
    assert [each["fee"] for each in expected] == [
        {"currency": "USDT", "cost": 0.025},
        {"currency": "USDT", "cost": 0.075},
    ]
    assert shown(client.fetch_my_trades(pair)) == expected
    await_money(client, alice)


def test_market_orders_by_amount_and_by_cost(
    client: Any, alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    limit(bob, symbol, "SELL", "1", "100")
    limit(bob, symbol, "BUY", "1", "90")

    by_amount = client.create_market_buy_order(pair, 0.1)
    by_cost = client.create_market_buy_order_with_cost(pair, 20)
    sold = client.create_market_sell_order(pair, 0.05)
    sold_for = client.create_market_sell_order_with_cost(pair, 18)

    for order, side, filled, cost in (
        (by_amount, "buy", 0.1, 10),
        (by_cost, "buy", 0.2, 20),
        (sold, "sell", 0.05, 4.5),
        (sold_for, "sell", 0.2, 18),
    ):
        assert (order["type"], order["side"], order["status"]) == ("market", side, "closed")
        assert (order["filled"], order["cost"]) == (filled, cost)
    assert by_cost["info"]["origQuoteOrderQty"] == "20.00000000"
    assert shown(client.fetch_my_trades(pair)) == trades_of(alice, pair)
    await_money(client, alice)


@pytest.mark.parametrize(
    ("time_in_force", "amount", "stand"),
    [
        ("IOC", 1, ("expired", 0.4, 0.6, 100, 40)),
        ("IOC", 0.3, ("closed", 0.3, 0, 100, 30)),
        ("FOK", 1, ("expired", 0, 1, None, 0)),
        ("FOK", 0.4, ("closed", 0.4, 0, 100, 40)),
    ],
)
def test_what_must_not_rest_does_not(
    client: Any,
    alice: Account,
    bob: SignedClient,
    pair: str,
    symbol: str,
    time_in_force: str,
    amount: float,
    stand: tuple[Any, ...],
) -> None:
    limit(bob, symbol, "SELL", "0.4", "100")

    order = client.create_order(pair, "limit", "buy", amount, 100, {"timeInForce": time_in_force})

    assert (order["timeInForce"], *stands(order)) == (time_in_force, *stand)
    assert stands(client.fetch_order(order["id"], pair)) == stand
    assert client.fetch_open_orders(pair) == []
    assert sum(each.quantity for each in alice.fills) == Decimal(str(stand[1]))
    await_money(client, alice)


@pytest.mark.parametrize(("kind", "more"), [("limit", {"timeInForce": "PO"}), ("LIMIT_MAKER", {})])
def test_post_only_orders_never_take(
    client: Any,
    alice: Account,
    bob: SignedClient,
    pair: str,
    symbol: str,
    kind: str,
    more: dict[str, str],
) -> None:
    limit(bob, symbol, "SELL", "1", "100")

    with pytest.raises(ccxt.OrderImmediatelyFillable):
        client.create_order(pair, kind, "buy", 1, 100, more)
    rests = client.create_order(pair, kind, "buy", 1, 99.99, more)

    assert (rests["status"], rests["postOnly"]) == ("open", True)
    assert alice.fills == []
    await_money(client, alice, locked="99.99")


@pytest.mark.parametrize(
    ("kind", "terms", "binances", "trigger", "price"),
    [
        ("market", {"stopLossPrice": 90}, "STOP_LOSS", "89", 88),
        ("limit", {"stopLossPrice": 90}, "STOP_LOSS_LIMIT", "89", 88),
        ("market", {"takeProfitPrice": 110}, "TAKE_PROFIT", "111", 108),
        ("limit", {"takeProfitPrice": 110}, "TAKE_PROFIT_LIMIT", "111", 108),
        ("limit", {"triggerPrice": 90}, "STOP_LOSS_LIMIT", "90", 88),
    ],
)
def test_stops_wait_for_their_price(
    client: Any,
    alice: Account,
    bob: SignedClient,
    new_account: Any,
    gateway: RunningGateway,
    pair: str,
    symbol: str,
    kind: str,
    terms: dict[str, float],
    binances: str,
    trigger: str,
    price: int,
) -> None:
    carol = SignedClient(gateway, new_account("carol").name)
    limit(bob, symbol, "SELL", "0.1", "100")
    market(carol, symbol, "BUY", quantity="0.1")

    order = client.create_order(pair, kind, "sell", 0.5, price if kind == "limit" else None, terms)
    assert (order["info"]["type"], order["status"]) == (binances, "open")
    (waiting,) = client.fetch_open_orders(pair)
    assert (waiting["id"], waiting["info"]["isWorking"]) == (order["id"], False)
    assert waiting["triggerPrice"] == next(iter(terms.values()))
    await_money(client, alice, locked_coin="0.5")

    limit(bob, symbol, "BUY", "0.5", str(price))
    limit(bob, symbol, "SELL", "0.1", trigger)
    limit(carol, symbol, "BUY", "0.1", trigger)
    carol.close()

    await_condition(lambda: client.fetch_open_orders(pair) == [], "it was triggered")
    done = client.fetch_order(order["id"], pair)
    assert stands(done) == ("closed", 0.5, 0, price, price / 2)
    expected = trades_of(alice, pair)
    await_condition(lambda: shown(client.fetch_my_trades(pair)) == expected, f"{expected}")
    await_money(client, alice)
