"""python-binance's AsyncClient trades: over REST, and over the WebSocket API."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.web.account.orders import limit, market
from tests.web.client_trading.account import Account
from tests.web.client_trading.binance_view import fills_of, money, my_trades, stands
from tests.web.running_exchange import RunningGateway
from tests.web.signed_client import SignedClient
from tests.web.unchanged_clients import python_binance_async_client

with warnings.catch_warnings():
    # It asks websockets for names of old.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance.exceptions import BinanceAPIException

Play = Callable[[Any], Awaitable[None]]

_OCO = {
    **{"side": "SELL", "quantity": 1, "aboveType": "LIMIT_MAKER", "abovePrice": 120},
    **{"belowType": "STOP_LOSS_LIMIT", "belowStopPrice": 80, "belowPrice": 79},
    "belowTimeInForce": "GTC",
}


@pytest.fixture
def playing(gateway: RunningGateway, alice: Account) -> Callable[[Play], None]:
    """Runs what is done with alice's AsyncClient."""

    async def run(play: Play) -> None:
        async with (
            python_binance_async_client(gateway.url, alice.key) as client,
            asyncio.timeout(60),
        ):
            await play(client)

    return lambda play: asyncio.run(run(play))


async def meanwhile(act: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """What somebody else does, while this client's sockets are looked after."""
    return await asyncio.to_thread(lambda: act(*arguments, **more))


async def await_money(account: Account, ask: Callable[[], Awaitable[Any]], **locked: str) -> None:
    """Wait until the client shows exactly what the log makes of the account's money."""
    expected = await meanwhile(account.balances, **locked)
    while money(await ask()) != expected:
        await asyncio.sleep(0.05)


def test_rest_trades(
    playing: Callable[[Play], None], alice: Account, bob: SignedClient, symbol: str
) -> None:
    limit(bob, symbol, "SELL", "1", "100")

    async def play(client: Any) -> None:
        bought = await client.order_market_buy(symbol=symbol, quoteOrderQty=30)
        assert stands(bought) == ("FILLED", "0.30000000", "30.00000000")
        assert bought["fills"] == await meanwhile(fills_of, alice, bought["orderId"])
        first = await client.order_limit_buy(symbol=symbol, quantity=0.5, price="90")
        new = {"side": "BUY", "type": "LIMIT_MAKER", "quantity": 0.5, "price": 91}
        replaced = await client.cancel_replace_order(
            symbol=symbol,
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=first["orderId"],
            **new,
        )
        second = replaced["newOrderResponse"]
        placed = await client.create_oco_order(symbol=symbol, **_OCO)
        assert len(await client.get_open_orders(symbol=symbol)) == 3
        await await_money(alice, client.get_account, locked="45.5", locked_coin="1")
        await client.v3_delete_order_list(symbol=symbol, orderListId=placed["orderListId"])
        # A DELETE with a body of a form.
        canceled = await client.cancel_order(
            symbol=symbol, origClientOrderId=second["clientOrderId"]
        )
        assert (canceled["orderId"], canceled["status"]) == (second["orderId"], "CANCELED")
        statuses = [each["status"] for each in await client.get_all_orders(symbol=symbol)]
        assert statuses == ["FILLED"] + ["CANCELED"] * 4
        trades = await client.get_my_trades(symbol=symbol)
        assert trades == await meanwhile(my_trades, alice)
        await await_money(alice, client.get_account)
        with pytest.raises(BinanceAPIException) as unknown:
            await client.get_order(symbol=symbol, orderId=987_654)
        assert unknown.value.code == -2013

    playing(play)


def test_the_websocket_api_trades(
    playing: Callable[[Play], None], alice: Account, bob: SignedClient, symbol: str
) -> None:
    limit(bob, symbol, "SELL", "1", "100")

    async def play(client: Any) -> None:
        bought = await client.ws_order_market_buy(symbol=symbol, quantity=0.3)
        assert stands(bought) == ("FILLED", "0.30000000", "30.00000000")
        assert bought["fills"] == await meanwhile(fills_of, alice, bought["orderId"])
        first = await client.ws_order_limit_buy(symbol=symbol, quantity=0.5, price="90")
        assert stands(first) == ("NEW", "0.00000000", "0.00000000")
        (found,) = await client.ws_get_open_orders(symbol=symbol)
        assert found == await client.ws_get_order(symbol=symbol, orderId=first["orderId"])
        replaced = await client.ws_cancel_and_replace_order(
            symbol=symbol,
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=first["orderId"],
            side="BUY",
            type="STOP_LOSS_LIMIT",
            timeInForce="GTC",
            quantity=0.5,
            stopPrice=105,
            price=106,
        )
        assert replaced["newOrderResult"] == "SUCCESS"
        await await_money(alice, client.ws_get_account, locked="53")
        canceled = await client.ws_cancel_order(
            symbol=symbol, orderId=replaced["newOrderResponse"]["orderId"]
        )
        assert canceled["status"] == "CANCELED"
        statuses = [each["status"] for each in await client.ws_get_all_orders(symbol=symbol)]
        assert statuses == ["FILLED", "CANCELED", "CANCELED"]
        assert await client.ws_get_my_trades(symbol=symbol) == await meanwhile(my_trades, alice)
        await await_money(alice, client.ws_get_account)
        counts = await client.ws_get_account_rate_limits_orders()
        assert [each["count"] for each in counts if each["interval"] == "DAY"] == [3]
        commission = await client.ws_get_commission_rates(symbol=symbol)
        assert commission["standardCommission"]["taker"] == "0.00200000"
        assert await client.ws_get_prevented_matches(symbol=symbol, orderId=1) == []
        assert await client.ws_get_allocations(symbol=symbol) == []

    playing(play)


@pytest.mark.variant
def test_the_websocket_api_has_order_lists(
    playing: Callable[[Play], None], alice: Account, bob: SignedClient, symbol: str
) -> None:
    async def play(client: Any) -> None:
        placed = await client.ws_create_oco_order(symbol=symbol, **_OCO)
        asked = {"orderListId": placed["orderListId"]}
        told = {name: each for name, each in placed.items() if name != "orderReports"}
        assert await client.ws_get_oco_order(**asked) == told
        assert await client.ws_get_oco_open_orders() == [told]
        gone = await client.ws_cancel_oco_order(symbol=symbol, **asked)
        assert gone["listOrderStatus"] == "ALL_DONE"
        assert await client.ws_get_oco_open_orders() == []
        await await_money(alice, client.ws_get_account)

        await client.ws_create_oco_order(symbol=symbol, **_OCO)
        await meanwhile(market, bob, symbol, "BUY", quantity="1")
        assert await client.ws_get_oco_open_orders() == []
        assert await client.ws_get_my_trades(symbol=symbol) == await meanwhile(my_trades, alice)
        await await_money(alice, client.ws_get_account)

    playing(play)


@pytest.mark.variant
def test_the_websocket_api_refuses(
    playing: Callable[[Play], None], alice: Account, symbol: str
) -> None:
    order = {"symbol": symbol, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}

    async def code_of(asked: Awaitable[Any]) -> int:
        with pytest.raises(BinanceAPIException) as refused:
            await asked
        return int(refused.value.code)

    async def play(client: Any) -> None:
        test = {**order, "quantity": 1, "price": 95}
        assert await client.ws_create_test_order(**test) == {}
        small = {**order, "quantity": 0.01, "price": 100}
        assert await code_of(client.ws_create_test_order(**small)) == -1013
        assert await code_of(client.ws_create_order(**order, quantity=1)) == -1102
        nobodys = {"symbol": symbol, "orderId": 987_654}
        assert await code_of(client.ws_get_order(**nobodys)) == -2013
        assert await code_of(client.ws_cancel_order(**nobodys)) == -2011
        assert await code_of(client.ws_cancel_all_open_orders(symbol=symbol)) == -2011
        assert await code_of(client.ws_get_order(symbol="NOPE", orderId=1)) == -1121
        pending = {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": 1}
        working = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": 90}
        both = {**working, **pending, "workingQuantity": 1, "workingTimeInForce": "GTC"}
        assert await code_of(client.ws_create_oto_order(symbol=symbol, **both)) == -1020
        client.API_SECRET = "another"
        assert await code_of(client.ws_get_account()) == -1022

    playing(play)
    assert alice.fills == []
