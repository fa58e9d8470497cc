"""binance-sdk-spot, as `tradeflow env binance-sdk-spot` has it: all three of its clients."""

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

pytestmark = [pytest.mark.other_client("binance-sdk-spot"), pytest.mark.timeout(900)]


def test_it_trades(exchange: RunningExchange, new_client: NewClient) -> None:
    client = new_client("binance-sdk-spot", "binance-sdk-spot==13.3.0")

    seen = client.drive()

    # Its models know every field, with its type.
    assert seen["warnings"] == []
    log, market = AccountLog(exchange, client.account_id), MarketLog(exchange)
    expect_account(seen, log, SYMBOL)
    expect_events(seen["events"], log)
    _check_market(seen["market"], market)
    _check_orders(seen["trading"])
    _check_streams(seen["streams"], market)
    _check_session(seen["api"], market)


def _check_market(seen: dict[str, Any], market: MarketLog) -> None:
    symbols = set(market.instruments)
    for name in ("days", "prices", "bests"):
        assert {each["symbol"] for each in seen[name]} == symbols
    assert {each["symbol"] for each in seen["info"]["symbols"]} == symbols
    assert {each["symbol"] for each in seen["info_many"]["symbols"]} == {SYMBOL, "BNBBTC"}
    expect_book(seen["depth"], market, SYMBOL)
    expect_trades(seen["trades"], market, SYMBOL)
    expect_trades(seen["old_trades"], market, SYMBOL)
    assert float(seen["best"]["bidPrice"]) < float(seen["best"]["askPrice"])


def _check_orders(seen: dict[str, Any]) -> None:
    for name in ("market", "market_quote", "ioc", "fok"):
        assert seen[name]["status"] == "FILLED"
        filled = sum(float(fill["qty"]) for fill in seen[name]["fills"])
        assert filled == pytest.approx(float(seen[name]["executedQty"]))
    waiting = {"limit", "iceberg", "maker", "stop", "stop_limit", "profit", "profit_limit"}
    assert {each["clientOrderId"] for each in seen["open"]} == {f"rest-{name}" for name in waiting}
    assert seen["fetched"]["status"] == "NEW"
    assert seen["amended"]["amendedOrder"]["qty"] == "0.00300000"
    assert [each["newQty"] for each in seen["amendments"]] == ["0.00300000"]
    assert seen["replaced"]["newOrderResult"] == "SUCCESS"
    assert seen["canceled"]["status"] == "CANCELED"
    assert [each["orderListId"] for each in seen["oco_open"]] == [seen["oco"]["orderListId"]]
    assert seen["oco_canceled"]["listOrderStatus"] == "ALL_DONE"
    assert len(seen["all_canceled"]) == len(waiting) - 1


def _check_streams(seen: dict[str, Any], market: MarketLog) -> None:
    trade = seen["trade"]
    (record,) = [each for each in market.trades[SYMBOL] if each["trade_id"] == trade["t"]]
    assert (trade["T"], trade["m"]) == (record["time_ms"], record["is_buyer_maker"])
    expect_book(seen["partial"], market, SYMBOL)
    assert seen["depth"]["u"] in market.books(SYMBOL)
    assert {each["s"] for each in seen["all"]} <= set(market.instruments)


def _check_session(seen: dict[str, Any], market: MarketLog) -> None:
    # Its own model of this one answer has no room for the frame around it.
    info = seen.pop("exchange_info")["additional_properties"]
    assert info["status"] == 200
    assert {each["symbol"] for each in info["result"]["symbols"]} == set(market.instruments)
    assert {name for name, answer in seen.items() if answer["status"] != 200} == set()
    assert seen["logon"]["result"]["apiKey"] == seen["status"]["result"]["apiKey"]
    assert seen["status"]["result"]["userDataStream"] is True
    assert seen["limit"]["result"]["status"] == "NEW"
    assert seen["market"]["result"]["status"] == "FILLED"
    assert seen["logout"]["result"]["apiKey"] is None
    expect_book(seen["depth"]["result"], market, SYMBOL)
    expect_trades(seen["trades_recent"]["result"], market, SYMBOL)
