"""What a client was shown, held against the log."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.amounts import format_steps
from tests.web.market_log import MarketLog
from tests.web.other_clients.account_log import AccountLog

Row = Mapping[str, Any]


def expect_account(seen: Row, log: AccountLog, symbol: str) -> None:
    """All orders, fills and balances are the log's, no more and no fewer."""
    orders = {(symbol, row["orderId"]): row for row in seen["orders"]}
    assert orders.keys() == {key for key in log.orders if key[0] == symbol}
    for key, row in orders.items():
        assert _of(row, log.orders[key]) == log.orders[key]
    fills = {(symbol, row["id"]): row for row in seen["fills"]}
    assert fills.keys() == {key for key in log.fills if key[0] == symbol}
    assert fills, "nothing was filled"
    for key, row in fills.items():
        assert _of(row, log.fills[key]) == log.fills[key]
    assert {row["asset"]: (row["free"], row["locked"]) for row in seen["balances"]} == log.balances


def expect_events(events: Iterable[Row], log: AccountLog) -> None:
    """Execution reports that tell fills, each as the log has it."""
    fills = {(each["s"], each["t"]): each for each in events if each.get("x") == "TRADE"}
    assert fills, "no fill was told"
    names = {"i": "orderId", "L": "price", "l": "qty", "n": "commission", "N": "commissionAsset"}
    for key, event in fills.items():
        told = {names[name]: event[name] for name in names}
        assert told == _of(log.fills[key], told)


def expect_trades(trades: Iterable[Row], market: MarketLog, symbol: str) -> None:
    """Public trades, as REST names their fields, one after the other."""
    known = {each["trade_id"]: each for each in market.trades[symbol]}
    rules = market.instruments[symbol]
    ids = [each["id"] for each in trades]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    for each in trades:
        record = known[each["id"]]
        assert each["price"] == format_steps(record["price_ticks"], rules.tick_size)
        assert each["qty"] == format_steps(record["quantity_lots"], rules.lot_size)
        assert each["isBuyerMaker"] == record["is_buyer_maker"]
        assert each["time"] == record["time_ms"]


def expect_book(book: Row, market: MarketLog, symbol: str) -> None:
    """A book with its update id: the engine's at that moment, as deep as it goes."""
    rules = market.instruments[symbol]
    bids, asks = market.books(symbol)[book["lastUpdateId"]]
    for shown, levels, is_bid in ((book["bids"], bids, True), (book["asks"], asks, False)):
        best_first = sorted(levels.items(), reverse=is_bid)
        assert shown == [
            [format_steps(price, rules.tick_size), format_steps(lots, rules.lot_size)]
            for price, lots in best_first[: len(shown)]
        ]
        assert shown


def _of(row: Row, names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
