"""Clients' user data: ccxt.pro and python-binance as people have them, and the sequences of
hummingbot and of nautilus_trader, which are no dependencies of the tests."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.web.client_libraries import AsyncClient, BinanceSocketManager, ccxt_pro
from tests.web.listening_account import LOTS, PRICE, ListeningAccount, expect
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.socket_client import SocketClient, signed
from web import app, server
from web.gateway import Gateway

SECONDS = 60.0


async def exchange_info(_request: Request) -> JSONResponse:
    """What ccxt asks for before anything else."""
    return JSONResponse({"timezone": "UTC", "serverTime": 0, "symbols": [MARKET]})


MARKET: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "permissionSets": [["SPOT"]],
    "filters": [],
}


Listeners = Callable[[], int]


@pytest.fixture(scope="module")
def opened() -> Iterator[list[Gateway]]:
    """The gateway that runs, once it does."""
    gateways: list[Gateway] = []

    def make_app(gateway: Gateway) -> Any:
        gateways.append(gateway)
        made = app.make_app(gateway)
        # Behind all others: it counts where the gateway itself has none.
        made.router.routes.append(Route("/api/v3/exchangeInfo", exchange_info))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "make_app", make_app)
        yield gateways


@pytest.fixture(scope="module")
def gateway(opened: list[Gateway], exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway in front of the exchange."""
    running = RunningGateway(exchange)
    try:
        yield running.start()
    finally:
        running.close()


@pytest.fixture
def listeners(opened: list[Gateway], gateway: RunningGateway) -> Listeners:
    """How many listen to user data, so that a test knows when a client has subscribed."""

    def count() -> int:
        async def ask() -> int:
            return opened[0].user_data.listeners

        return asyncio.run_coroutine_threadsafe(ask(), gateway._loop).result(SECONDS)

    return count


@pytest.fixture
def maker(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[ListeningAccount]:
    """Somebody with an order to buy from, and the test's own account's key on the ring."""
    made = ListeningAccount(exchange, gateway, f"maker{uuid.uuid4().hex[:8]}", "BTCUSDT")
    yield made
    made.socket.close()


@pytest.fixture
def alice(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[ListeningAccount]:
    """Whose user data the clients watch."""
    made = ListeningAccount(exchange, gateway, f"alice{uuid.uuid4().hex[:8]}", "BTCUSDT")
    yield made
    made.socket.close()


def buy_in_two_steps(alice: ListeningAccount, maker: ListeningAccount) -> str:
    """An order that rests and is then filled; its client order id."""
    order = alice.trader.place("BUY", LOTS, PRICE)
    alice.reports("NEW")
    maker.trader.place("SELL", LOTS, PRICE)
    alice.reports("FILLED")
    return order


# --- ccxt.pro -------------------------------------------------------------------------------------


@asynccontextmanager
async def ccxt_of(alice: ListeningAccount, gateway: RunningGateway) -> AsyncIterator[Any]:
    exchange = ccxt_pro.binance(
        {
            "apiKey": alice.key.key,
            "secret": alice.key.secret,
            "urls": {
                "api": {
                    "public": f"{gateway.url}/api/v3",
                    "private": f"{gateway.url}/api/v3",
                    "ws": {
                        "spot": f"ws://{gateway.address}/stream/ws",
                        "ws-api": {"spot": f"ws://{gateway.address}/ws-api/v3"},
                    },
                }
            },
            "options": {
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
            },
        }
    )
    try:
        yield exchange
    finally:
        await exchange.close()


async def watching(
    watch: Callable[[], Any],
    is_last: Callable[[Any], bool],
    listeners: Listeners,
    act: Callable[[], Any],
) -> list[Any]:
    """What ``watch`` gives until the last one, while ``act`` is done once it listens."""
    before = listeners()
    seen: list[Any] = []
    acting: asyncio.Future[Any] | None = None
    async with asyncio.timeout(SECONDS):
        while not seen or not is_last(seen[-1]):
            waiting = asyncio.ensure_future(watch())
            if acting is None:
                while listeners() == before and not waiting.done():
                    await asyncio.sleep(0.01)
                acting = asyncio.ensure_future(asyncio.to_thread(act))
            seen.append(await waiting)
        assert acting is not None
        await acting
    return seen


def test_ccxt_watches_orders(
    gateway: RunningGateway,
    listeners: Listeners,
    alice: ListeningAccount,
    maker: ListeningAccount,
) -> None:
    async def play() -> None:
        async with ccxt_of(alice, gateway) as exchange:
            seen = await watching(
                lambda: exchange.watch_orders("BTC/USDT"),
                lambda orders: orders[-1]["status"] == "closed",
                listeners,
                lambda: buy_in_two_steps(alice, maker),
            )
            last = seen[-1][-1]
            assert (last["symbol"], last["side"], last["type"]) == ("BTC/USDT", "buy", "limit")
            assert (last["filled"], last["remaining"], last["average"]) == (0.01, 0.0, 50_000.0)
            assert last["fee"] == {"cost": 0.00001, "currency": "BTC"} or last["fees"]

    asyncio.run(play())


def test_ccxt_watches_its_trades(
    gateway: RunningGateway,
    listeners: Listeners,
    alice: ListeningAccount,
    maker: ListeningAccount,
) -> None:
    async def play() -> None:
        async with ccxt_of(alice, gateway) as exchange:
            ((trade,),) = await watching(
                lambda: exchange.watch_my_trades("BTC/USDT"),
                lambda _: True,
                listeners,
                lambda: buy_in_two_steps(alice, maker),
            )
            assert (trade["side"], trade["takerOrMaker"]) == ("buy", "maker")
            assert (trade["amount"], trade["price"], trade["cost"]) == (0.01, 50_000.0, 500.0)
            assert trade["fee"] == {"cost": 0.00001, "currency": "BTC"}

    asyncio.run(play())


def test_ccxt_watches_its_balance(
    gateway: RunningGateway,
    listeners: Listeners,
    alice: ListeningAccount,
    maker: ListeningAccount,
) -> None:
    def act() -> None:
        buy_in_two_steps(alice, maker)
        alice.trader.move_money("WalletDepositCommand", "USDT", 100_000_000)

    async def play() -> None:
        async with ccxt_of(alice, gateway) as exchange:
            *_, balance = await watching(
                exchange.watch_balance,
                lambda balance: (
                    (balance["USDT"]["free"], balance["USDT"]["used"]) == (999_501.0, 0.0)
                ),
                listeners,
                act,
            )
            btc = 1_000_000.00999
            assert balance["BTC"] == {"free": btc, "used": 0.0, "total": btc}
            assert balance["USDT"] == {"free": 999_501.0, "used": 0.0, "total": 999_501.0}

    asyncio.run(play())


# --- python-binance -------------------------------------------------------------------------------


@pytest.fixture
def python_binance_urls(gateway: RunningGateway) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsyncClient, "API_URL", f"{gateway.url}/api")
        patch.setattr(AsyncClient, "WS_API_URL", f"ws://{gateway.address}/ws-api/v3")
        patch.setattr(BinanceSocketManager, "STREAM_URL", f"ws://{gateway.address}/")
        yield


def test_python_binances_user_socket_hears_of_orders_and_money(
    python_binance_urls: None, alice: ListeningAccount, maker: ListeningAccount
) -> None:
    async def play() -> list[dict[str, Any]]:
        client = await AsyncClient.create(alice.key.key, alice.key.secret)
        heard: list[dict[str, Any]] = []
        try:
            assert await client.ws_ping() == {}
            assert (await client.ws_get_time())["serverTime"] > 10**12
            async with BinanceSocketManager(client).user_socket() as socket:
                acting = asyncio.create_task(asyncio.to_thread(buy_in_two_steps, alice, maker))
                async with asyncio.timeout(SECONDS):
                    while not heard or len(heard[-1].get("B", ())) != 2:
                        message = await socket.recv()
                        heard.append(message.get("event", message))
                await acting
        finally:
            await client.close_connection()
        return heard

    heard = asyncio.run(play())

    reports = [each for each in heard if each["e"] == "executionReport"]
    assert [each["x"] for each in reports] == ["NEW", "TRADE"]
    expect(reports[-1], X="FILLED", m=True, n="0.00001000", N="BTC")


# --- as others do it ------------------------------------------------------------------------------


def test_hummingbots_sequence(alice: ListeningAccount) -> None:
    """It takes the first frame after its request for the answer, and reads «C» of cancels."""
    with SocketClient(alice.url) as client:
        order = alice.trader.place("BUY", LOTS, PRICE - 5_000)
        request = {
            "id": str(uuid.uuid4()),
            "method": "userDataStream.subscribe.signature",
            "params": signed(alice.key),
        }
        client.socket.send(json.dumps(request))
        answer = client.receive()
        assert (answer["id"], answer["status"]) == (request["id"], 200)

        alice.trader.cancel(order, "of-its-own")
        *_, frame = client.take(lambda each: each["event"].get("x") == "CANCELED")
        assert frame["subscriptionId"] == answer["result"]["subscriptionId"]
        expect(frame["event"], C=order, X="CANCELED", E=frame["event"]["T"])


def test_nautilus_sequence(alice: ListeningAccount, maker: ListeningAccount) -> None:
    """It logs on with HMAC, subscribes, decodes strictly, and subscribes again when it has to."""
    with SocketClient(alice.url) as client:
        assert client.ask("session.logon", **signed(alice.key))["status"] == 200
        number = client.ask("userDataStream.subscribe")["result"]["subscriptionId"]

        maker.trader.place("SELL", LOTS, PRICE)
        maker.reports("NEW")
        alice.trader.place("BUY", LOTS)
        # Money and order are told by two topics: either may come first.
        frames = client.take(lambda each: each["event"].get("x") == "TRADE")

        reports = [each["event"] for each in frames if each["event"]["e"] == "executionReport"]
        assert [each["x"] for each in reports] == ["NEW", "TRADE"]
        for report in reports:
            decode_as_nautilus(report)

        client.ask("userDataStream.unsubscribe", subscriptionId=number)
        assert client.events.pop()["event"]["e"] == "eventStreamTerminated"
        again = client.ask("userDataStream.subscribe")["result"]["subscriptionId"]
        assert again == number + 1


TEXTS = ("s", "c", "q", "p", "P", "F", "C", "r", "l", "z", "L", "n", "Z", "Y", "Q")
NUMBERS = ("E", "g", "i", "T", "t", "I", "O")
FLAGS = ("w", "m", "M")
CHOICES = {
    "S": {"BUY", "SELL"},
    "o": {"LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"},
    "f": {"GTC", "IOC", "FOK"},
    "x": {"NEW", "CANCELED", "REJECTED", "TRADE", "EXPIRED", "TRADE_PREVENTION"},
    "X": {"NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED"},
}


def decode_as_nautilus(report: dict[str, Any]) -> None:
    """Its struct: each of these keys, of this type, or it does not decode at all."""
    assert all(type(report[name]) is str for name in TEXTS)
    assert all(type(report[name]) is int for name in NUMBERS)
    assert all(type(report[name]) is bool for name in FLAGS)
    assert all(report[name] in choices for name, choices in CHOICES.items())
    assert report["N"] is None or type(report["N"]) is str
