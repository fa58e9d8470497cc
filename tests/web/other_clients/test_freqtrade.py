"""freqtrade, for money: a run of `freqtrade trade` with what `tradeflow env freqtrade` prints."""

import pytest

from tests.web.other_clients.account_log import AccountLog
from tests.web.other_clients.conftest import NewClient
from tests.web.running_exchange import RunningExchange

_STATUSES = {"closed": "FILLED", "canceled": "CANCELED"}
_TYPES = {"buy": "LIMIT", "stoploss": "STOP_LOSS_LIMIT", "sell": "MARKET"}

pytestmark = [pytest.mark.other_client("freqtrade"), pytest.mark.timeout(1_200)]


def test_it_trades(exchange: RunningExchange, new_client: NewClient) -> None:
    """It enters, has a stop wait at the exchange, cancels it, and leaves."""
    client = new_client("freqtrade", "freqtrade==2026.9")

    seen = client.drive(seconds=500)

    log = AccountLog(exchange, client.account_id)
    orders = {("BTCUSDT", int(row["order_id"])): row for row in seen["orders"]}
    assert {row["ft_order_side"] for row in orders.values()} >= {"buy", "stoploss", "sell"}
    for key, row in orders.items():
        if row["ft_is_open"]:
            # It was stopped in the middle of its next trade.
            continue
        known = log.orders[key]
        assert known["status"] == _STATUSES[row["status"]]
        assert known["type"] == _TYPES[row["ft_order_side"]]
        assert float(known["executedQty"]) == row["filled"]
        assert float(known["cummulativeQuoteQty"]) == pytest.approx(row["cost"])
    trade = seen["trades"][0]
    assert trade["exit_reason"] == "roi"
    # In quote: what the buyer's commission in base is worth.
    paid = {side: _paid(log, is_buyer=side == "open") for side in ("open", "close")}
    assert paid["close"] == pytest.approx(trade["fee_close_cost"])
    assert paid["open"] * trade["open_rate"] == pytest.approx(trade["fee_open_cost"])


def _paid(log: AccountLog, *, is_buyer: bool) -> float:
    fills = [fill for fill in log.fills.values() if fill["isBuyer"] is is_buyer]
    first = min(fill["orderId"] for fill in fills)
    return sum(float(fill["commission"]) for fill in fills if fill["orderId"] == first)
