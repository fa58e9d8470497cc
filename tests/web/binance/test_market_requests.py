"""How requests for market data are said, weighed and refused."""

from typing import Any

import pytest

from schemas.instruments import load_instruments
from tests.web.binance.test_market_twin import BTCUSDT
from tests.web.made_trades import STARTS_MS, MarketLog
from tests.web.offline_gateway import OfflineGateway
from web.binance.catalogue import ENDPOINTS
from web.binance.parameters import read_parameters

TWO = ["BTCUSDT", "BNBBTC"]
ONE = {"symbol": "BTCUSDT"}
BY_PATH = {endpoint.path: endpoint for endpoint in ENDPOINTS}


@pytest.fixture(scope="module")
def gateway() -> OfflineGateway:
    made = OfflineGateway()
    happened = [(0, True, [(100, 5)]), (1_000, False, [(101, 2), (102, 3)])]
    for name, record in MarketLog(BTCUSDT, happened).told:
        made.tell(name, record)
    return made


@pytest.mark.parametrize(
    ("path", "sent", "code", "text"),
    [
        ("depth", {}, -1102, "Mandatory parameter 'symbol' was not sent"),
        ("depth", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
        ("depth", {"symbol": "btcusdt"}, -1100, "Illegal characters found in parameter 'symbol'"),
        ("depth", {"symbol": ""}, -1102, "Mandatory parameter 'symbol'"),
        ("depth", {**ONE, "limit": 0}, -1130, "Data sent for parameter 'limit' is not valid."),
        ("depth", {**ONE, "limit": "x"}, -1100, "Illegal characters found in parameter 'limit'"),
        ("depth", {**ONE, "limit": ""}, -1105, "Parameter 'limit' was empty."),
        ("depth", {**ONE, "limit": 2**63}, -1108, "Parameter 'limit' overflowed."),
        ("depth", {**ONE, "color": 1}, -1104, "read '1' parameter(s) but was sent '2'"),
        ("depth", {**ONE, "symbolStatus": "OPEN"}, -1122, "Invalid symbolStatus."),
        ("depth", {**ONE, "symbolStatus": "HALT"}, -1220, "The symbol's status does not match"),
        ("klines", {**ONE}, -1102, "Mandatory parameter 'interval'"),
        ("klines", {**ONE, "interval": "7m"}, -1120, "Invalid interval."),
        ("klines", {**ONE, "interval": "1m", "timeZone": "15"}, -1130, "'timeZone'"),
        ("klines", {**ONE, "interval": "1m", "timeZone": "-12:01"}, -1130, "'timeZone'"),
        ("klines", {**ONE, "interval": "1m", "timeZone": "x"}, -1100, "'timeZone'"),
        ("klines", {**ONE, "interval": "1m", "startTime": -1}, -1100, "'startTime'"),
        ("aggTrades", {**ONE, "fromId": 1, "startTime": 1}, -1128, "optional parameters"),
        ("aggTrades", {**ONE, "fromId": 1, "endTime": 1}, -1128, "optional parameters"),
        ("historicalBlockTrades", {**ONE}, -1102, "Mandatory parameter 'fromId'"),
        ("ticker/24hr", {**ONE, "symbols": TWO}, -1128, "optional parameters"),
        ("ticker/24hr", {**ONE, "type": "HUGE"}, -1139, "Invalid ticker type."),
        ("ticker/24hr", {"symbols": "BTCUSDT"}, -1100, "'symbols'"),
        ("ticker/24hr", {"symbols": []}, -1130, "'symbols'"),
        ("ticker/24hr", {"symbols": ["BTCUSDT", "BTCUSDT"]}, -1151, "present multiple times"),
        ("ticker/price", {"symbols": ["NOPE"]}, -1121, "Invalid symbol."),
        ("ticker", {}, -1102, "Param 'symbol' or 'symbols' must be sent"),
        ("ticker", {**ONE, "windowSize": "60m"}, -1130, "'windowSize'"),
        ("ticker", {**ONE, "windowSize": "8d"}, -1130, "'windowSize'"),
        ("ticker", {**ONE, "windowSize": "1d2h"}, -1130, "'windowSize'"),
        ("ticker/tradingDay", {}, -1102, "Param 'symbol' or 'symbols' must be sent"),
        ("exchangeInfo", {**ONE, "symbols": TWO}, -1128, "optional parameters"),
        ("exchangeInfo", {**ONE, "permissions": "SPOT"}, -1128, "optional parameters"),
        ("exchangeInfo", {**ONE, "symbolStatus": "HALT"}, -1128, "optional parameters"),
        ("exchangeInfo", {"permissions": "GOLD"}, -1130, "'permissions'"),
        ("exchangeInfo", {"permissions": "[1"}, -1130, "'permissions'"),
        ("exchangeInfo", {"showPermissionSets": "maybe"}, -1130, "'showPermissionSets'"),
        ("executionRules", {**ONE, "symbols": TWO}, -1128, "optional parameters"),
        ("referencePrice", {**ONE}, -2043, "This symbol doesn't have a reference price."),
        ("referencePrice/calculation", {**ONE}, -2043, "doesn't have a reference price"),
    ],
)
def test_refuses(
    gateway: OfflineGateway, path: str, sent: dict[str, Any], code: int, text: str
) -> None:
    answer = gateway.get(f"/api/v3/{path}", **sent)

    assert (answer.status, answer.json["code"]) == (400, code)
    assert text in answer.json["msg"]


@pytest.mark.parametrize(
    ("path", "sent", "weight"),
    [
        ("depth", {**ONE}, 5),
        ("depth", {**ONE, "limit": "100"}, 5),
        ("depth", {**ONE, "limit": "101"}, 25),
        ("depth", {**ONE, "limit": "501"}, 50),
        ("depth", {**ONE, "limit": "1001"}, 250),
        ("depth", {**ONE, "limit": "9999999"}, 250),
        ("ticker/24hr", {**ONE}, 2),
        ("ticker/24hr", {"symbols": '["BTCUSDT","BNBBTC"]'}, 2),
        ("ticker/24hr", {}, 80),
        ("ticker/price", {**ONE}, 2),
        ("ticker/price", {}, 4),
        ("ticker/bookTicker", {"symbols": '["BTCUSDT"]'}, 4),
        ("ticker", {**ONE}, 4),
        ("ticker/tradingDay", {"symbols": '["BTCUSDT","BNBBTC"]'}, 8),
        ("executionRules", {}, 40),
        ("executionRules", {"symbols": '["BTCUSDT","BNBBTC"]'}, 4),
        ("exchangeInfo", {}, 20),
        ("klines", {**ONE, "interval": "1m"}, 2),
        ("aggTrades", {**ONE}, 4),
        ("trades", {**ONE}, 25),
    ],
)
def test_weighs(path: str, sent: dict[str, str], weight: int) -> None:
    endpoint = BY_PATH[f"/api/v3/{path}"]
    values = read_parameters(list(sent.items()), endpoint.parameters, load_instruments())

    assert endpoint.weight_of(values) == weight


def test_clamps_limits_that_are_too_large(gateway: OfflineGateway) -> None:
    for path in ("aggTrades", "trades", "historicalTrades", "depth"):
        assert gateway.get(f"/api/v3/{path}", limit=12_000, **ONE).status == 200


def test_answers_for_one_symbol_some_or_all(gateway: OfflineGateway) -> None:
    for path in ("ticker/price", "ticker/bookTicker", "ticker/24hr", "ticker", "ticker/tradingDay"):
        one = gateway.json(f"/api/v3/{path}", **ONE)
        some = gateway.json(f"/api/v3/{path}", symbols=TWO)
        listed = gateway.json(f"/api/v3/{path}", symbols=TWO[:1])

        assert one["symbol"] == "BTCUSDT"
        assert [each["symbol"] for each in some] == TWO
        assert some[0] == one
        assert listed == [one]
    everything = gateway.json("/api/v3/ticker/24hr")
    assert [each["symbol"] for each in everything] == list(gateway.instruments)


def test_a_symbol_without_a_trade_has_a_ticker_of_nothing(gateway: OfflineGateway) -> None:
    ticker = gateway.json("/api/v3/ticker/24hr", symbol="BNBBTC")

    zero = "0.00000000"
    prices = ("openPrice", "highPrice", "lowPrice", "lastPrice", "weightedAvgPrice", "volume")
    assert {ticker[name] for name in prices} == {zero}
    assert (ticker["count"], ticker["firstId"], ticker["lastId"]) == (0, -1, -1)
    assert gateway.json("/api/v3/klines", symbol="BNBBTC", interval="1m") == []
    assert gateway.json("/api/v3/trades", symbol="BNBBTC") == []


def test_mini_is_a_part_of_full(gateway: OfflineGateway) -> None:
    for path in ("ticker/24hr", "ticker", "ticker/tradingDay"):
        full = gateway.json(f"/api/v3/{path}", **ONE)
        mini = gateway.json(f"/api/v3/{path}", type="MINI", **ONE)

        assert mini.items() < full.items()
        assert len(mini) == 12


def test_exchange_info_tells_the_limits_of_the_settings() -> None:
    gateway = OfflineGateway(limit_weight="3/minute", limit_orders="7/hour")

    told = gateway.json("/api/v3/exchangeInfo")["rateLimits"]

    assert [(each["rateLimitType"], each["interval"], each["limit"]) for each in told] == [
        ("REQUEST_WEIGHT", "MINUTE", 3),
        ("ORDERS", "HOUR", 7),
        ("RAW_REQUESTS", "MINUTE", 300_000),
    ]


def test_times_are_microseconds_for_who_asks_for_them(gateway: OfflineGateway) -> None:
    asked = {**ONE, "interval": "1m"}
    rows = gateway.json("/api/v3/klines", **asked)
    for unit in ("MICROSECOND", "microsecond"):
        finer = gateway.get("/api/v3/klines", headers={"X-MBX-TIME-UNIT": unit}, **asked)
        assert [(row[0], row[6], row[8]) for row in finer.json] == [
            (row[0] * 1_000, row[6] * 1_000, row[8]) for row in rows
        ]
    wrong = gateway.get("/api/v3/klines", headers={"X-MBX-TIME-UNIT": "HOUR"}, **asked)
    assert wrong.json["code"] == -1194
    start = {**asked, "startTime": STARTS_MS * 1_000}
    coarse = {**asked, "startTime": STARTS_MS}
    assert gateway.json("/api/v3/klines", **start) == gateway.json("/api/v3/klines", **coarse)


def test_old_clients_find_what_moved(gateway: OfflineGateway) -> None:
    for old, new in (
        ("/api/v1/ping", "/api/v3/ping"),
        ("/api/v1/depth", "/api/v3/depth"),
        ("/api/v1/ticker/allPrices", "/api/v3/ticker/price"),
        ("/api/v1/ticker/24hr", "/api/v3/ticker/24hr"),
    ):
        sent = ONE if "depth" in old or "24hr" in old else {}
        assert gateway.json(old, **sent) == gateway.json(new, **sent)


def test_other_methods_are_refused(gateway: OfflineGateway) -> None:
    import asyncio

    answer = asyncio.run(gateway.call("POST", "/api/v3/depth", b"symbol=BTCUSDT"))

    assert (answer.status, answer.json["code"]) == (405, -1020)
    assert answer.headers["allow"] == "GET"


def test_methods_of_the_websocket_api_are_each_there_once() -> None:
    methods = [endpoint.ws_method for endpoint in ENDPOINTS if endpoint.ws_method]

    assert len(set(methods)) == len(methods)
    assert {"depth", "klines", "trades.aggregate", "ticker.24hr", "exchangeInfo"} <= set(methods)


def test_times_may_be_in_microseconds_wherever_they_are_asked_for() -> None:
    times = {
        (endpoint.path, parameter.name): parameter.kind
        for endpoint in ENDPOINTS
        for parameter in endpoint.parameters
        if parameter.name in ("startTime", "endTime")
    }

    assert ("/api/v3/allOrderList", "endTime") in times
    assert set(times.values()) == {"time"}
