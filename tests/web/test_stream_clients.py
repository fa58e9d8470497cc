"""Clients as people have them, with nothing changed but the URL: ccxt.pro and python-binance."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from schemas.amounts import format_steps
from tests.chaos.exchange import await_condition
from tests.web.client_libraries import (
    AsyncClient,
    BinanceSocketManager,
    DepthCacheManager,
    ccxt_pro,
)
from tests.web.keyless_gateway import KeylessGateway
from tests.web.market_load import MarketLoad
from tests.web.market_log import MarketLog
from tests.web.running_exchange import RunningExchange

_SECONDS = 30.0


@pytest.fixture(scope="module")
def address(exchange: RunningExchange) -> Iterator[str]:
    """A gateway's, while the market moves."""
    with KeylessGateway(exchange) as gateway, MarketLoad(exchange, rate=100):
        url = f"http://{gateway.address}/api/v3/depth?symbol=BTCUSDT"

        def is_full() -> bool:
            book = httpx.get(url).json()
            return min(len(book["bids"]), len(book["asks"])) >= 10

        await_condition(is_full, "orders on both sides")
        yield gateway.address


# --- ccxt.pro -------------------------------------------------------------------------------------


@asynccontextmanager
async def _ccxt(address: str, path: str = "/stream/ws") -> AsyncIterator[Any]:
    exchange = ccxt_pro.binance(
        {
            "urls": {
                "api": {
                    "public": f"http://{address}/api/v3",
                    "private": f"http://{address}/api/v3",
                    "ws": {"spot": f"ws://{address}{path}"},
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


def _watched(address: str, watch: Callable[[Any], Awaitable[Any]], path: str = "/stream/ws") -> Any:
    """What a call of ccxt.pro gives."""

    async def play() -> Any:
        async with _ccxt(address, path) as exchange:
            return await asyncio.wait_for(watch(exchange), _SECONDS)

    return asyncio.run(play())


@pytest.mark.parametrize("path", ["/stream/ws", "/ws"])
def test_ccxt_watches_a_ticker(address: str, path: str) -> None:
    ticker = _watched(address, lambda ex: ex.watch_ticker("BTC/USDT"), path)

    assert ticker["symbol"] == "BTC/USDT"
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert ticker["baseVolume"] * ticker["low"] <= ticker["quoteVolume"] * 1.000_001


def test_ccxt_watches_all_tickers(address: str) -> None:
    async def watch(exchange: Any) -> Any:
        seen: dict[str, Any] = {}
        while len(seen) < 4:
            seen |= await exchange.watch_tickers()
        return seen

    tickers = _watched(address, watch)

    assert set(tickers) == {"BTC/USDT", "ETH/USDT", "LTC/USDT", "BNB/BTC"}


def test_ccxt_watches_bids_and_asks(address: str) -> None:
    async def watch(exchange: Any) -> Any:
        return await exchange.watch_bids_asks(["BTC/USDT", "ETH/USDT"])

    tickers = _watched(address, watch)

    assert tickers
    for ticker in tickers.values():
        assert 0 < ticker["bid"] < ticker["ask"]


def test_ccxt_watches_trades(exchange: RunningExchange, address: str) -> None:
    async def watch(client: Any) -> Any:
        seen: dict[int, Any] = {}
        while len(seen) < 20:
            for each in await client.watch_trades("BTC/USDT"):
                seen[int(each["id"])] = each
        return seen

    trades = _watched(address, watch)

    log = MarketLog(exchange)
    rules = log.instruments["BTCUSDT"]
    known = {each["trade_id"]: each for each in log.trades["BTCUSDT"]}
    first = min(trades)
    assert sorted(trades) == list(range(first, first + len(trades)))
    for trade_id, trade in trades.items():
        record = known[trade_id]
        assert trade["timestamp"] == record["time_ms"]
        assert trade["side"] == ("sell" if record["is_buyer_maker"] else "buy")
        assert trade["price"] == float(format_steps(record["price_ticks"], rules.tick_size))
        assert trade["amount"] == float(format_steps(record["quantity_lots"], rules.lot_size))


def test_ccxt_watches_candles(exchange: RunningExchange, address: str) -> None:
    async def watch(client: Any) -> Any:
        seen: dict[int, Any] = {}
        # Three windows: the first two are over when the third has begun.
        while len(seen) < 3:
            for each in await client.watch_ohlcv("BTC/USDT", "1s"):
                seen[each[0]] = each
        return seen

    candles = _watched(address, watch)

    first, second, *_ = sorted(candles)
    assert second == first + 1_000
    trades = MarketLog(exchange).trades["BTCUSDT"]
    inside = [each for each in trades if second <= each["time_ms"] < second + 1_000]
    assert round(candles[second][5] * 100_000) == sum(each["quantity_lots"] for each in inside)


@pytest.mark.parametrize("limit", [None, 5])
def test_ccxt_watches_an_order_book(
    exchange: RunningExchange, address: str, limit: int | None
) -> None:
    """ccxt checks itself that each update follows the one before."""

    async def watch(client: Any) -> Any:
        books = {}
        while len(books) < 10:
            book = await client.watch_order_book("BTC/USDT", limit)
            books[book["nonce"]] = [list(map(tuple, book[side])) for side in ("bids", "asks")]
        return books

    books = _watched(address, watch)

    engines = _engines_books(exchange)
    for update_id, sides in books.items():
        for mine, engines_side in zip(sides, engines[update_id], strict=True):
            # With a limit ccxt forgets the levels behind it, also when they have come before it.
            expected = engines_side if limit is None else [x for x in engines_side if x in mine]
            assert mine == expected


def _engines_books(exchange: RunningExchange) -> dict[int, Any]:
    """Bids and asks, the best first, as each update left them."""
    log = MarketLog(exchange)
    rules = log.instruments["BTCUSDT"]

    def shown(levels: dict[int, int], *, is_bid: bool) -> list[tuple[float, float]]:
        tick, lot = rules.tick_size, rules.lot_size
        best_first = sorted(levels.items(), reverse=is_bid)
        return [(float(format_steps(p, tick)), float(format_steps(q, lot))) for p, q in best_first]

    return {
        update_id: (shown(bids, is_bid=True), shown(asks, is_bid=False))
        for update_id, (bids, asks) in log.books("BTCUSDT").items()
    }


def test_ccxt_watches_and_leaves_several_symbols(address: str) -> None:
    async def watch(exchange: Any) -> Any:
        symbols = ["BTC/USDT", "ETH/USDT"]
        book = await exchange.watch_order_book_for_symbols(symbols)
        trades = await exchange.watch_trades_for_symbols(symbols)
        await exchange.un_watch_trades_for_symbols(symbols)
        return book, trades

    book, trades = _watched(address, watch)

    assert book["bids"][0][0] < book["asks"][0][0]
    assert trades


def test_ccxt_is_told_what_is_wrong(address: str) -> None:
    async def watch(exchange: Any) -> Any:
        await exchange.load_markets()
        url = f"ws://{address}/ws/0"
        request = {"method": "SUBSCRIBE", "params": ["not a stream"], "id": 77}
        subscription = {"id": 77, "subscription": "x"}
        return await exchange.watch(url, "x", request, "x", subscription)

    with pytest.raises(ccxt_pro.ExchangeError, match="invalid stream"):
        _watched(address, watch)


# --- python-binance -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _what_clients_leave_behind() -> Iterator[None]:
    """They forget to close some of their connections; that is no later test's fault."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@asynccontextmanager
async def _binance(address: str, **options: Any) -> AsyncIterator[Any]:
    client = AsyncClient(**options)
    client.API_URL = f"http://{address}/api"
    manager = BinanceSocketManager(client)
    manager.STREAM_URL = f"ws://{address}/"
    try:
        yield client, manager
    finally:
        await client.close_connection()


def _received(
    address: str, open_socket: Callable[[Any], Any], count: int = 3, **options: Any
) -> list[Any]:
    """The first messages on a socket of python-binance."""

    async def play() -> list[Any]:
        async with _binance(address, **options) as (_, manager), open_socket(manager) as stream:
            return [await asyncio.wait_for(stream.recv(), _SECONDS) for _ in range(count)]

    return asyncio.run(play())


_SOCKETS: dict[str, Callable[[Any], Any]] = {
    "trade": lambda m: m.trade_socket("BTCUSDT"),
    "aggTrade": lambda m: m.aggtrade_socket("BTCUSDT"),
    "kline": lambda m: m.kline_socket("BTCUSDT", interval="1s"),
    "24hrMiniTicker": lambda m: m.symbol_miniticker_socket("BTCUSDT"),
    "24hrTicker": lambda m: m.symbol_ticker_socket("BTCUSDT"),
    "depthUpdate": lambda m: m.depth_socket("BTCUSDT"),
}


@pytest.mark.parametrize("event", _SOCKETS)
def test_python_binance_receives_events(address: str, event: str) -> None:
    messages = _received(address, _SOCKETS[event])

    assert {(each["e"], each["s"]) for each in messages} == {(event, "BTCUSDT")}


def test_python_binance_receives_partial_books(address: str) -> None:
    messages = _received(address, lambda m: m.depth_socket("BTCUSDT", depth="5", interval=100))

    for each in messages:
        # The market may have fewer for a moment.
        assert 1 <= len(each["bids"]) <= 5
        assert 1 <= len(each["asks"]) <= 5
        assert set(each) == {"lastUpdateId", "bids", "asks"}


def test_python_binance_receives_book_tickers(address: str) -> None:
    messages = _received(address, lambda m: m.symbol_book_ticker_socket("BTCUSDT"))

    ids = [each["u"] for each in messages]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("socket", ["miniticker_socket", "ticker_socket"])
def test_python_binance_receives_all_tickers(address: str, socket: str) -> None:
    (first, *_) = _received(address, lambda m: getattr(m, socket)())

    assert {each["s"] for each in first} == {"BTCUSDT", "ETHUSDT", "LTCUSDT", "BNBBTC"}


@pytest.mark.parametrize(("unit", "digits"), [(None, 13), ("microsecond", 16)])
def test_python_binance_receives_several_streams(
    address: str, unit: str | None, digits: int
) -> None:
    names = ["btcusdt@trade", "btcusdt@depth@100ms"]

    messages = _received(address, lambda m: m.multiplex_socket(names), 30, time_unit=unit)

    assert {each["stream"] for each in messages} == set(names)
    assert {len(str(each["data"]["E"])) for each in messages} == {digits}


def test_python_binance_keeps_a_book(exchange: RunningExchange, address: str) -> None:
    async def play() -> dict[int, Any]:
        async with _binance(address) as (client, manager):
            keeper = DepthCacheManager(client, "BTCUSDT", bm=manager, refresh_interval=0)
            books = {}
            async with keeper as stream:
                while len(books) < 5:
                    cache = await asyncio.wait_for(stream.recv(), _SECONDS)
                    sides = cache.get_bids(), cache.get_asks()
                    books[keeper._last_update_id] = [list(map(tuple, side)) for side in sides]
            return books

    books = asyncio.run(play())

    engines = _engines_books(exchange)
    for update_id, sides in books.items():
        assert tuple(sides) == engines[update_id]
