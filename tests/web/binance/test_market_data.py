"""Market data of a running exchange beside what its log says; and by Binance's clients."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.topics import ORDERBOOK_UPDATES, TRADES
from tests.web.binance.plain_market import PlainMarket
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.state.test_kept_aggregates import plain_aggregates
from tests.web.swept_market import MarketOrders, swept_market
from tests.web.unchanged_clients import ccxt_client, python_binance_client
from web.auth.api_key import ApiKey
from web.clock import now_ms
from web.state.windows import MINUTE_MS, Windows

SYMBOL = "BTCUSDT"
ONE = {"symbol": SYMBOL}


@pytest.fixture(scope="module")
def trader(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[MarketOrders]:
    """Somebody who has traded a little."""
    with swept_market(exchange, gateway, SYMBOL) as made:
        yield made


@pytest.fixture(scope="module")
def key(gateway: RunningGateway) -> ApiKey:
    """A key to read with."""
    return gateway.keys.add(key_of("ann"))


def test_books_are_what_the_log_makes_of_them(trader: MarketOrders) -> None:
    sides: dict[str, dict[int, int]] = {"bids": {}, "asks": {}}
    for update in trader.logged(ORDERBOOK_UPDATES.name, SYMBOL, "DepthUpdate"):
        for name, side in sides.items():
            side |= {each["price_ticks"]: each["quantity_lots"] for each in update[name]}
        last_id = update["last_update_id"]

    book = trader.get("/api/v3/depth", limit=5_000, **ONE)
    best = trader.get("/api/v3/ticker/bookTicker", **ONE)

    assert book["lastUpdateId"] == last_id
    for name, is_bid in (("bids", True), ("asks", False)):
        levels = sorted(((p, q) for p, q in sides[name].items() if q), reverse=is_bid)
        assert book[name] == [[f"{p / 100:.8f}", f"{q / 100_000:.8f}"] for p, q in levels]
        assert [best[f"{name[:3]}Price"], best[f"{name[:3]}Qty"]] == book[name][0]


def test_trades_are_the_logs(trader: MarketOrders) -> None:
    logged = trader.logged(TRADES.name, SYMBOL, "Trade")

    trades = trader.get("/api/v3/trades", **ONE)
    old = trader.get("/api/v3/historicalTrades", fromId=3, limit=2, **ONE)
    aggregates = trader.get("/api/v3/aggTrades", **ONE)

    assert [each["id"] for each in trades] == [each["trade_id"] for each in logged]
    assert [each["time"] for each in trades] == [each["time_ms"] for each in logged]
    assert [each["isBuyerMaker"] for each in trades] == [False] * 5 + [True] * 2
    assert old == trades[2:4]
    assert [(each["f"], each["l"], each["T"]) for each in aggregates] == [
        (first, last, time_ms) for first, last, *_, time_ms in plain_aggregates(logged)
    ]
    assert len(aggregates) < len(trades)


def test_klines_and_tickers_are_what_was_traded(
    trader: MarketOrders, exchange: RunningExchange
) -> None:
    logged = trader.logged(TRADES.name, SYMBOL, "Trade")
    first_ms, last_ms = logged[0]["time_ms"], logged[-1]["time_ms"]
    instrument = exchange.instruments[SYMBOL]

    for interval in ("1s", "1m", "15m", "1d", "1w", "1M"):
        plain = PlainMarket(instrument, logged, last_ms)
        asked = {"startTime": first_ms - 40 * 86_400_000, "endTime": last_ms, "limit": 1_000}
        rows = trader.get("/api/v3/klines", interval=interval, **ONE, **asked)
        expected = plain.klines(Windows(interval), asked["startTime"], last_ms, 1_000)
        assert rows == expected
    day = trader.get("/api/v3/ticker/24hr", **ONE)
    plain = PlainMarket(instrument, logged, day["closeTime"])
    best = trader.get("/api/v3/ticker/bookTicker", **ONE)
    assert day == plain.day() | best
    rolling = trader.get("/api/v3/ticker", windowSize="1h", **ONE)
    plain = PlainMarket(instrument, logged, rolling["closeTime"])
    assert rolling == plain.change(plain.minute(60 * MINUTE_MS), rolling["closeTime"])
    assert abs(now_ms() - day["closeTime"]) < 5 * MINUTE_MS


def test_a_halt_is_shown_and_outlives_a_gateway(
    trader: MarketOrders, exchange: RunningExchange
) -> None:
    for status in ("HALT", "CANCEL_ONLY", "TRADING", "HALT"):
        trader.set_status(SYMBOL, status)
    another = RunningGateway(exchange)
    try:
        later = MarketOrders(exchange, another.start())
        infos = later.get("/api/v3/exchangeInfo")["symbols"]
        halted = later.get("/api/v3/exchangeInfo", symbolStatus="HALT")["symbols"]
        book = later.get("/api/v3/depth", limit=5_000, **ONE)
        trades = later.get("/api/v3/aggTrades", **ONE)
        later.close()
    finally:
        another.close()

    assert {info["symbol"] for info in infos if info["status"] != "TRADING"} == {SYMBOL}
    assert [info["symbol"] for info in halted] == [SYMBOL]
    assert book == trader.get("/api/v3/depth", limit=5_000, **ONE)
    assert trades == trader.get("/api/v3/aggTrades", **ONE)
    trader.set_status(SYMBOL, "TRADING")


# --- clients ---------------------------------------------------------------------------------


def _require_market(market: Any) -> None:
    assert market["spot"]
    assert market["active"] is True
    assert market["id"] == market["baseId"] + market["quoteId"]
    for bound in ("amount", "price", "cost"):
        assert market["limits"][bound]["min"] > 0


def _require_ticker(ticker: Any, symbol: str) -> None:
    assert ticker["symbol"] == symbol
    if ticker["last"] is not None:
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        assert ticker["low"] <= ticker["vwap"] <= ticker["high"]


def _require_book(book: Any, symbol: str) -> None:
    bids, asks = ([price for price, _ in book[side]] for side in ("bids", "asks"))
    assert book["symbol"] == symbol
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]


@pytest.mark.parametrize("has_key", [False, True])
def test_ccxt_loads_its_markets(
    trader: MarketOrders, gateway: RunningGateway, key: ApiKey, has_key: bool
) -> None:
    with ccxt_client(gateway.url, key if has_key else None) as client:
        markets = client.load_markets()

        assert set(markets) == {"BTC/USDT", "ETH/USDT", "LTC/USDT", "BNB/BTC"}
        for market in markets.values():
            _require_market(market)
        btc = markets["BTC/USDT"]
        assert (btc["precision"]["price"], btc["precision"]["amount"]) == (0.01, 0.00001)
        assert btc["limits"]["cost"]["min"] == 5
        assert client.fetch_time() > 0
        assert client.fetch_status()["status"] == "ok"


def test_ccxt_reads_market_data(trader: MarketOrders, gateway: RunningGateway, key: ApiKey) -> None:
    symbol = "BTC/USDT"
    with ccxt_client(gateway.url, key) as client:
        client.load_markets()
        now = client.milliseconds()
        _require_ticker(client.fetch_ticker(symbol), symbol)
        tickers = client.fetch_tickers()
        assert set(tickers) == set(client.markets)
        for name, ticker in tickers.items():
            _require_ticker(ticker, name)
        assert set(client.fetch_tickers([symbol, "LTC/USDT"])) == {symbol, "LTC/USDT"}
        assert tickers[symbol]["baseVolume"] == pytest.approx(0.075)
        assert client.fetch_bids_asks([symbol])[symbol]["bid"] == 59_900.0
        assert client.fetch_last_prices([symbol])[symbol]["price"] == 59_900.0
        book = client.fetch_order_book(symbol, 5)
        _require_book(book, symbol)
        assert book["asks"][0] == [60_000.02, 0.015]
        trades = client.fetch_trades(symbol, since=now - 3_600_000)
        assert [trade["amount"] for trade in trades] == [0.02, 0.02, 0.005, 0.03]
        for trade in trades:
            assert trade["symbol"] == symbol
            assert trade["cost"] == pytest.approx(trade["price"] * trade["amount"])
            assert now - 3_600_000 <= trade["timestamp"] <= client.milliseconds()
        candles = client.fetch_ohlcv(symbol, "1m")
        assert sum(candle[5] for candle in candles) == pytest.approx(0.075)
        assert [candle[0] for candle in candles] == sorted({candle[0] for candle in candles})
        for _, opened, high, low, closed, _ in candles:
            assert low <= min(opened, closed) <= max(opened, closed) <= high
        fees = client.fetch_trading_fees()
        assert set(fees) == set(client.markets)
        assert client.fetch_trading_fee(symbol)["taker"] == fees[symbol]["taker"]
        assert fees[symbol]["maker"] == 0.001
        assert set(client.fetch_currencies()) >= {"BTC", "USDT", "BNB", "LTC", "ETH"}


def test_python_binance_reads_market_data(
    trader: MarketOrders, gateway: RunningGateway, key: ApiKey
) -> None:
    with warnings.catch_warnings(), python_binance_client(gateway.url, key) as client:
        assert client.ping() == {}
        assert abs(client.get_server_time()["serverTime"] - now_ms()) < 60_000
        assert client.get_symbol_info(SYMBOL)["baseAsset"] == "BTC"
        assert len(client.get_exchange_info()["symbols"]) == 4
        assert client.get_order_book(symbol=SYMBOL, limit=5)["asks"][0][0] == "60000.02000000"
        assert len(client.get_recent_trades(symbol=SYMBOL)) == 7
        assert client.get_historical_trades(symbol=SYMBOL, fromId=7)[0]["id"] == 7
        assert [each["a"] for each in client.aggregate_trade_iter(SYMBOL, last_id=0)]
        klines = client.get_historical_klines(SYMBOL, "1m", "1 hour ago UTC")
        assert sum(row[8] for row in klines) == 7
        every = list(client.get_historical_klines_generator(SYMBOL, "1s", 0))
        assert sum(row[8] for row in every) == 7
        assert client.get_ui_klines(symbol=SYMBOL, interval="1d")[-1][8] == 7
        assert client.get_avg_price(symbol=SYMBOL)["mins"] == 5
        assert client.get_ticker(symbol=SYMBOL)["count"] == 7
        assert len(client.get_ticker()) == 4
        assert client.get_symbol_ticker(symbol=SYMBOL)["price"] == "59900.00000000"
        assert len(client.get_all_tickers()) == 4
        assert client.get_orderbook_ticker(symbol=SYMBOL)["askPrice"] == "60000.02000000"
        assert client.get_system_status() == {"status": 0, "msg": "normal"}
        assert len(client.get_trade_fee()) == 4
