"""hummingbot's connector, its constants changed as `tradeflow env hummingbot` prints it."""

import subprocess
from typing import Any

import pytest

from schemas.amounts import format_steps
from tests.web.market_log import MarketLog
from tests.web.other_clients.account_log import AccountLog
from tests.web.other_clients.conftest import NewClient
from tests.web.running_exchange import RunningExchange

SYMBOL = "BTCUSDT"
# One of what it asks for (pandas-ta) wants a later Python; its connector needs these alone.
_NEEDED = (
    *("aiohttp", "aioprocessing", "async-timeout<5", "base58", "bidict", "cachetools"),
    *("cryptography", "eth-account", "msgpack-python", "numpy", "pandas", "prompt_toolkit"),
    *("psutil", "pydantic>=2", "pyjwt", "PyYaml", "requests", "ruamel.yaml", "six", "sqlalchemy"),
    *("tabulate==0.9.0", "ujson", "urllib3<2"),
)

pytestmark = [pytest.mark.other_client("hummingbot"), pytest.mark.timeout(1_800)]


def test_it_trades(exchange: RunningExchange, new_client: NewClient) -> None:
    """It is compiled here: minutes, the first time."""
    client = new_client(
        "hummingbot", *_NEEDED, alone="hummingbot==20260922", WITHOUT_CYTHON_OPTIMIZATIONS="1"
    )
    command = ["sh", "-c", client.snippet()]
    subprocess.run(command, cwd=client.environment.packages, check=True)

    seen = client.drive(seconds=400)

    assert seen["failures"] == []
    log, market = AccountLog(exchange, client.account_id), MarketLog(exchange)
    _check_account(seen, log)
    _check_book(seen["book"], market)
    rules = market.instruments[SYMBOL]
    assert float(seen["rule"]) == float(rules.tick_size)
    prices = [float(each) for each in seen["prices"]]
    assert 0 < prices[0] < prices[1]


def _check_account(seen: dict[str, Any], log: AccountLog) -> None:
    statuses = {row["clientOrderId"]: row["status"] for row in log.orders.values()}
    filled, canceled = dict.fromkeys(seen["taking"], "FILLED"), seen["waiting"]
    assert statuses == filled | dict.fromkeys(canceled, "CANCELED")
    # One was canceled before.
    assert sorted(success for _, success in seen["canceled_all"]) == [True] * 2
    fills = {(SYMBOL, row["id"]): row for row in seen["fills"]}
    assert fills.keys() == log.fills.keys()
    for key, row in fills.items():
        known = log.fills[key]
        assert (row["orderId"], row["commissionAsset"]) == (
            known["orderId"],
            known["commissionAsset"],
        )
        for name in ("price", "qty", "commission"):
            assert float(row[name]) == float(known[name])
    for asset, (free, locked) in log.balances.items():
        assert float(seen["available"][asset]) == float(free)
        assert float(seen["balances"][asset]) == float(free) + float(locked)


def _check_book(seen: dict[str, Any], market: MarketLog) -> None:
    rules = market.instruments[SYMBOL]
    bids, asks = market.books(SYMBOL)[max(seen["uid"], seen["snapshot_uid"])]
    for shown, levels, is_bid in ((seen["bids"], bids, True), (seen["asks"], asks, False)):
        best_first = sorted(levels.items(), reverse=is_bid)
        assert shown == [
            [
                float(format_steps(price, rules.tick_size)),
                float(format_steps(lots, rules.lot_size)),
            ]
            for price, lots in best_first
        ]
