"""nautilus_trader: a live node with what `tradeflow env nautilus` prints."""

from typing import Any

import pytest

from schemas.amounts import format_steps
from tests.web.market_log import MarketLog
from tests.web.other_clients.account_log import AccountLog
from tests.web.other_clients.conftest import NewClient
from tests.web.running_exchange import RunningExchange

SYMBOL = "BTCUSDT"

pytestmark = [pytest.mark.other_client("nautilus"), pytest.mark.timeout(900)]


def test_it_trades(exchange: RunningExchange, new_client: NewClient) -> None:
    """The last version for this Python, with a listen key; newer ones log on to the session."""
    client = new_client("nautilus", "nautilus_trader==1.221.0")

    seen = client.drive(seconds=300)

    assert seen["done"], seen["events"]
    _check_account(seen, AccountLog(exchange, client.account_id))
    _check_market(seen, MarketLog(exchange))


def _check_account(seen: dict[str, Any], log: AccountLog) -> None:
    orders = {(SYMBOL, row["orderId"]): row for row in seen["orders"]}
    assert orders.keys() == log.orders.keys()
    for key, row in orders.items():
        assert row["status"] == log.orders[key]["status"]
        assert row["executedQty"] == log.orders[key]["executedQty"]
    assert [row["status"] for row in seen["orders"]] == ["FILLED"] * 3 + ["CANCELED"] * 4
    fills = {(SYMBOL, row["id"]): row for row in seen["fills"]}
    assert fills.keys() == log.fills.keys()
    for key, row in fills.items():
        known = log.fills[key]
        assert {name: row[name] for name in ("orderId", "price", "qty", "commissionAsset")} == {
            name: known[name] for name in ("orderId", "price", "qty", "commissionAsset")
        }
        assert float(row["commission"]) == float(known["commission"])
    shown = {asset: tuple(map(float, amounts)) for asset, amounts in seen["balances"].items()}
    assert shown == {asset: tuple(map(float, known)) for asset, known in log.balances.items()}


def _check_market(seen: dict[str, Any], market: MarketLog) -> None:
    rules = market.instruments[SYMBOL]
    assert seen["instrument"]["price_increment"] == "0.01000000"
    known = {each["trade_id"]: each for each in market.trades[SYMBOL]}
    ids = [number for number, _, _ in seen["trades"]]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    for number, price, quantity in seen["trades"]:
        assert price == format_steps(known[number]["price_ticks"], rules.tick_size)
        assert quantity == format_steps(known[number]["quantity_lots"], rules.lot_size)
    assert all(float(bid) < float(ask) for bid, ask in seen["quotes"])
    books = market.books(SYMBOL)
    for update_id, (best_bid, best_ask) in seen["deltas"]:
        bids, asks = books[update_id]
        assert best_bid == format_steps(max(bids), rules.tick_size)
        assert best_ask == format_steps(min(asks), rules.tick_size)
