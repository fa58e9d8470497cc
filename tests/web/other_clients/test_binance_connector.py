"""binance-connector, as `tradeflow env binance-connector` has it: all three of its clients."""

from typing import Any

import pytest

from tests.web.market_log import MarketLog
from tests.web.other_clients.account_log import AccountLog
from tests.web.other_clients.against_log import (
    expect_account,
    expect_book,
    expect_events,
    expect_trades,
)
from tests.web.other_clients.conftest import NewClient
from tests.web.running_exchange import RunningExchange

SYMBOL = "BTCUSDT"

pytestmark = [pytest.mark.other_client("binance-connector"), pytest.mark.timeout(600)]


def test_it_trades(exchange: RunningExchange, new_client: NewClient) -> None:
    client = new_client("binance-connector", "binance-connector==3.13.0")

    seen = client.drive()

    log, market = AccountLog(exchange, client.account_id), MarketLog(exchange)
    expect_account(seen, log, SYMBOL)
    expect_events(seen["events"], log)
    _check_market(seen["market"], market)
    _check_orders(seen["trading"])
    _check_streams(seen["streams"], market)
    _check_api(seen["api"], market)


def _check_market(seen: dict[str, Any], market: MarketLog) -> None:
    many = {"BTCUSDT", "BNBBTC"}
    assert {each["symbol"] for each in seen["info"]["symbols"]} == set(market.instruments)
    assert {each["symbol"] for each in seen["info_many"]["symbols"]} == many
    assert len(seen["info_one"]["symbols"]) == 1
    expect_book(seen["depth"], market, SYMBOL)
    expect_trades(seen["trades"], market, SYMBOL)
    expect_trades(seen["old_trades"], market, SYMBOL)
    assert {each["symbol"] for each in seen["days"]} == many
    assert {each["symbol"] for each in seen["prices"]} == many
    assert {each["symbol"] for each in seen["bests"]} == many
    assert float(seen["best"]["bidPrice"]) < float(seen["best"]["askPrice"])
    assert {each["symbol"] for each in seen["fees"]} == set(market.instruments)
    assert seen["status"] == {"status": 0, "msg": "normal"}


def _check_orders(seen: dict[str, Any]) -> None:
    for name in ("market", "market_quote", "ioc", "fok"):
        assert seen[name]["status"] == "FILLED"
        assert sum(float(fill["qty"]) for fill in seen[name]["fills"]) == pytest.approx(
            float(seen[name]["executedQty"])
        )
    waiting = {"limit", "iceberg", "maker", "stop", "stop_limit", "profit", "profit_limit"}
    assert {each["clientOrderId"] for each in seen["open"]} == {f"rest-{name}" for name in waiting}
    assert seen["fetched"]["status"] == "NEW"
    assert seen["replaced"]["newOrderResult"] == "SUCCESS"
    assert seen["canceled"]["status"] == "CANCELED"
    assert seen["oco_fetched"]["orders"] == seen["oco"]["orders"]
    assert [each["orderListId"] for each in seen["oco_open"]] == [seen["oco"]["orderListId"]]
    assert seen["oco_canceled"]["listOrderStatus"] == "ALL_DONE"
    assert len(seen["all_canceled"]) == len(waiting) - 1
    assert seen["left"] == []
    assert [each[:2] for each in seen["refused"]] == [
        [400, -2013],
        [400, -2011],
        [400, -1013],
        [400, -2010],
        [400, -1121],
    ]


def _check_streams(seen: dict[str, Any], market: MarketLog) -> None:
    trade = seen["trade"]
    (record,) = [each for each in market.trades[SYMBOL] if each["trade_id"] == trade["t"]]
    assert (trade["T"], trade["m"]) == (record["time_ms"], record["is_buyer_maker"])
    expect_book(seen[""], market, SYMBOL)
    assert seen["kline"]["k"]["i"] == "1s"
    assert {each["s"] for each in seen["all"]} <= set(market.instruments)
    assert seen["combined"]["stream"].startswith("btcusdt@")
    assert set(seen["listed"]) == {"btcusdt@trade", "btcusdt@bookTicker"}


def _check_api(seen: dict[str, Any], market: MarketLog) -> None:
    refused = {name for name, answer in seen.items() if answer["status"] != 200}
    # Nothing is open any more.
    assert refused == {"refused", "all_canceled"}
    assert seen["placed"]["result"]["status"] == "NEW"
    assert seen["market"]["result"]["status"] == "FILLED"
    assert seen["replaced"]["result"]["newOrderResult"] == "SUCCESS"
    assert seen["oco_canceled"]["result"]["listOrderStatus"] == "ALL_DONE"
    expect_book(seen["order_book"]["result"], market, SYMBOL)
    expect_trades(seen["recent_trades"]["result"], market, SYMBOL)
