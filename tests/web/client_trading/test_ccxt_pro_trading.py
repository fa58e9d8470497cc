"""ccxt.pro trades over the WebSocket API: every ``*_ws`` method, and REST beside it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt
import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import limit, market
from tests.web.client_trading.account import Account
from tests.web.client_trading.ccxt_view import money, shown, stands, trades_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import SignedClient
from tests.web.unchanged_clients import ccxt_pro_client

Play = Callable[[Any], Awaitable[None]]


@pytest.fixture
def playing(gateway: RunningGateway, alice: Account) -> Callable[[Play], None]:
    """Runs what is done with alice's ccxt.pro."""

    async def run(play: Play) -> None:
        async with ccxt_pro_client(gateway.url, alice.key) as client, asyncio.timeout(60):
            await play(client)

    return lambda play: asyncio.run(run(play))


async def meanwhile(act: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """What somebody else does, while this client's sockets are looked after."""
    return await asyncio.to_thread(lambda: act(*arguments, **more))


async def await_money(client: Any, account: Account, **locked: str) -> None:
    """Wait until the client shows exactly what the log makes of the account's money.

    It is in what Binance said: ccxt 4.5 makes nothing of a spot balance that came by this way.
    """
    expected = await meanwhile(account.balances, **locked)
    while (seen := await client.fetch_balance_ws()) and money(seen) != expected:
        await asyncio.sleep(0.05)


def test_an_order_is_placed_looked_at_and_canceled(
    playing: Callable[[Play], None], alice: Account, pair: str
) -> None:
    async def play(client: Any) -> None:
        named = {"newClientOrderId": "mine-1"}
        placed = await client.create_order_ws(pair, "limit", "buy", 0.5, 100.1, named)
        assert (placed["clientOrderId"], placed["type"], placed["side"]) == (
            *("mine-1", "limit", "buy"),
        )
        assert stands(placed) == ("open", 0, 0.5, None, 0)
        await await_money(client, alice, locked="50.05")
        for found in (
            await client.fetch_order_ws(placed["id"], pair),
            *await client.fetch_open_orders_ws(pair),
            *await client.fetch_orders_ws(pair),
        ):
            assert (found["id"], found["timestamp"]) == (placed["id"], placed["timestamp"])

        canceled = await client.cancel_order_ws(placed["id"], pair)

        assert (canceled["id"], canceled["status"]) == (placed["id"], "canceled")
        assert await client.fetch_open_orders_ws(pair) == []
        await await_money(client, alice)
        with pytest.raises(ccxt.OrderNotFound):
            await client.cancel_order_ws(placed["id"], pair)
        with pytest.raises(ccxt.OrderNotFound):
            await client.fetch_order_ws("999999", pair)

    playing(play)


@pytest.mark.parametrize(
    ("kind", "price", "terms", "stand"),
    [
        ("limit", 102, {}, ("closed", 0.5, 0, 100, 50)),
        ("limit", 102, {"timeInForce": "IOC"}, ("closed", 0.5, 0, 100, 50)),
        ("limit", 99, {"timeInForce": "IOC"}, ("expired", 0, 0.5, None, 0)),
        ("limit", 99, {"timeInForce": "FOK"}, ("expired", 0, 0.5, None, 0)),
        ("market", None, {}, ("closed", 0.5, 0, 100, 50)),
        ("LIMIT_MAKER", 99, {}, ("open", 0, 0.5, None, 0)),
        ("STOP_LOSS", None, {"stopPrice": "110"}, ("open", 0, 0.5, None, 0)),
        ("STOP_LOSS_LIMIT", 111, {"stopPrice": "110"}, ("open", 0, 0.5, None, 0)),
        ("TAKE_PROFIT", None, {"stopPrice": "90"}, ("open", 0, 0.5, None, 0)),
        ("TAKE_PROFIT_LIMIT", 91, {"stopPrice": "90"}, ("open", 0, 0.5, None, 0)),
        ("limit", 99, {"icebergQty": "0.1"}, ("open", 0, 0.5, None, 0)),
    ],
)
def test_each_type_of_order_is_taken(
    playing: Callable[[Play], None],
    alice: Account,
    bob: SignedClient,
    pair: str,
    symbol: str,
    kind: str,
    price: float | None,
    terms: dict[str, str],
    stand: tuple[Any, ...],
) -> None:
    limit(bob, symbol, "SELL", "1", "100")
    market(bob, symbol, "BUY", quantity="0.1", selfTradePreventionMode="NONE")

    async def play(client: Any) -> None:
        order = await client.create_order_ws(pair, kind, "buy", 0.5, price, terms)
        assert stands(order) == stand
        assert order["info"]["type"] == kind.upper()
        assert stands(await client.fetch_order_ws(order["id"], pair)) == stand
        trades = shown(await client.fetch_my_trades_ws(pair))
        assert trades == await meanwhile(trades_of, alice, pair)
        assert len(trades) == (stand[0] == "closed")
        canceled = await client.cancel_all_orders_ws(pair) if stand[0] == "open" else []
        assert [each["id"] for each in canceled] == [order["id"]] * (stand[0] == "open")
        await await_money(client, alice)
        closed = await client.fetch_closed_orders_ws(pair)
        assert [each["id"] for each in closed] == [order["id"]] * (stand[0] == "closed")

    playing(play)


def test_an_edit_cancels_the_order_and_places_another(
    playing: Callable[[Play], None], alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    async def play(client: Any) -> None:
        first = await client.create_order_ws(pair, "limit", "buy", 1, 95)
        await meanwhile(market, bob, symbol, "SELL", quantity="0.25")
        second = await client.edit_order_ws(first["id"], pair, "limit", "buy", 0.5, 96.5)

        assert (second["status"], second["amount"], second["price"]) == ("open", 0.5, 96.5)
        before = await client.fetch_order_ws(first["id"], pair)
        assert stands(before) == ("canceled", 0.25, 0.75, 95, 23.75)
        await await_money(client, alice, locked="48.25")
        with pytest.raises(ccxt.ExchangeError, match="Order cancel-replace failed"):
            await client.edit_order_ws(first["id"], pair, "limit", "buy", 1, 97)

    playing(play)


def test_an_order_that_is_only_tried_is_not_placed(
    playing: Callable[[Play], None], alice: Account, pair: str
) -> None:
    async def play(client: Any) -> None:
        tried = await client.create_order_ws(pair, "limit", "buy", 1, 95, {"test": True})
        assert tried["info"] == {}
        assert await client.fetch_orders_ws(pair) == []

    playing(play)
    assert alice.sent == 0


def test_refusals_are_told_in_ccxts_words(playing: Callable[[Play], None], pair: str) -> None:
    async def play(client: Any) -> None:
        with pytest.raises(ccxt.InsufficientFunds):
            await client.create_order_ws(pair, "limit", "buy", 8_000, 1_000)
        # Here ccxt does not look for the filter's name.
        with pytest.raises(ccxt.BadRequest, match="LOT_SIZE"):
            await client.create_order_ws(pair, "limit", "buy", 100_000, 1)
        with pytest.raises(ccxt.OrderNotFound):
            await client.cancel_all_orders_ws(pair)
        client.secret = "another"
        with pytest.raises(ccxt.AuthenticationError):
            await client.fetch_balance_ws()

    playing(play)


def test_too_many_orders_are_held_up(exchange: RunningExchange, alice: Account, pair: str) -> None:
    strict = RunningGateway(exchange, limits="on", limit_orders="2/day")

    async def play() -> None:
        async with ccxt_pro_client(strict.url, alice.key) as client, asyncio.timeout(60):
            for step in range(2):
                await client.create_order_ws(pair, "limit", "buy", 1, 50 + step)
            with pytest.raises(ccxt.RateLimitExceeded, match="Too many new orders"):
                await client.create_order_ws(pair, "limit", "buy", 1, 60)
            assert len(await client.fetch_open_orders_ws(pair)) == 2

    try:
        strict.start()
        strict.keys.add(alice.key)
        asyncio.run(play())
    finally:
        strict.close()


def test_what_one_socket_does_the_other_one_hears(
    playing: Callable[[Play], None], alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    limit(bob, symbol, "SELL", "1", "100")

    async def play(client: Any) -> None:
        watching = asyncio.ensure_future(client.watch_my_trades(pair))
        # Until it has subscribed, it hears of none.
        while not watching.done():
            await client.create_order_ws(pair, "market", "buy", 0.1)
            await asyncio.wait([watching], timeout=1)
        heard, traded = shown(watching.result()), await meanwhile(trades_of, alice, pair)
        assert heard
        assert all(each in traded for each in heard)

    playing(play)


def test_rest_is_there_as_well(
    playing: Callable[[Play], None], alice: Account, bob: SignedClient, pair: str, symbol: str
) -> None:
    limit(bob, symbol, "SELL", "1", "100")

    async def play(client: Any) -> None:
        bought = await client.create_market_buy_order_with_cost(pair, 30)
        rests = await client.create_order(pair, "limit", "buy", 0.5, 90, {"postOnly": True})
        edited = await client.edit_order(rests["id"], pair, "limit", "buy", 0.5, 91)
        orders = await asyncio.gather(
            *(client.fetch_order(each["id"], pair) for each in (bought, rests, edited))
        )
        assert [each["status"] for each in orders] == ["closed", "canceled", "open"]
        assert shown(await client.fetch_my_trades(pair)) == await meanwhile(trades_of, alice, pair)
        canceled = await client.cancel_all_orders(pair)
        assert [each["id"] for each in canceled] == [edited["id"]]
        await await_money(client, alice)

    playing(play)
    await_condition(lambda: bob.get("/api/v3/openOrders", symbol=symbol), "bob's still rests")
