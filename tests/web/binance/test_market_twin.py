"""Every endpoint of trades and prices against a plain loop over all trades.

What the log tells is made by the marketdata stage's own core.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.instruments import load_instruments
from tests.web.binance.plain_market import PlainMarket
from tests.web.made_trades import STARTS_MS, MarketLog, happenings
from tests.web.offline_gateway import OfflineGateway
from tests.web.state.test_aggregates import plain_aggregates
from web.state.windows import DAY_MS, HOUR_MS, INTERVALS, MINUTE_MS, Windows

SYMBOL = "BTCUSDT"
BTCUSDT = load_instruments()[SYMBOL]
EMPTY_BOOK = dict.fromkeys(("bidPrice", "bidQty", "askPrice", "askQty"), "0.00000000")

limits = st.integers(1, 30)
leads = st.sampled_from(["0", "8", "-5", "05:45", "+14:00", "-12:00", "1:07"])
moments = st.one_of(
    st.none(), st.integers(-2 * DAY_MS, 20 * DAY_MS).map(lambda after: STARTS_MS + after)
)


def lead_ms(text: str) -> int:
    """A time zone's lead on UTC."""
    hours, _, minutes = text.partition(":")
    return (int(hours) * 60 + int(minutes or 0)) * MINUTE_MS


def told(log: MarketLog, **settings: Any) -> OfflineGateway:
    """A gateway that has been told all that a log has."""
    gateway = OfflineGateway(**settings)
    for name, record in log.told:
        gateway.tell(name, record)
    return gateway


def sent(**parameters: Any) -> dict[str, Any]:
    """Parameters without those that are None."""
    return {name: value for name, value in parameters.items() if value is not None}


@given(happenings, st.sampled_from(INTERVALS), leads, moments, moments, limits)
def test_klines(
    happened: Any, interval: str, lead: str, start: int | None, end: int | None, limit: int
) -> None:
    log = MarketLog(BTCUSDT, happened)
    plain = PlainMarket(BTCUSDT, log.trades, log.now_ms)
    windows = Windows(interval, lead_ms(lead))
    asked = sent(symbol=SYMBOL, interval=interval, startTime=start, endTime=end, limit=limit)
    gateway = told(log)

    rows = gateway.json("/api/v3/klines", timeZone=lead, **asked)
    again = gateway.json("/api/v3/uiKlines", timeZone=lead, **asked)

    assert rows == plain.klines(windows, start, end, limit)
    assert again == rows


@given(
    happenings, leads, st.sampled_from([("1m", MINUTE_MS), ("3h", 3 * HOUR_MS), ("7d", 7 * DAY_MS)])
)
def test_tickers(happened: Any, lead: str, rolling: tuple[str, int]) -> None:
    log = MarketLog(BTCUSDT, happened)
    plain = PlainMarket(BTCUSDT, log.trades, log.now_ms)
    gateway = told(log)
    days = Windows("1d", lead_ms(lead))
    today = days.at(log.now_ms)
    one = {"symbol": SYMBOL}

    assert gateway.json("/api/v3/ticker/24hr", **one) == plain.day() | EMPTY_BOOK
    assert gateway.json("/api/v3/ticker", windowSize=rolling[0], **one) == plain.change(
        plain.minute(rolling[1]), log.now_ms
    )
    assert gateway.json("/api/v3/ticker/tradingDay", timeZone=lead, **one) == plain.change(
        days.opening(today), days.closing(today)
    )
    assert gateway.json("/api/v3/avgPrice", **one) == {
        "mins": 5,
        "price": plain.average(5),
        "closeTime": log.trades[-1]["time_ms"] if log.trades else 0,
    }
    last = plain.price(log.trades[-1]) if log.trades else "0.00000000"
    assert gateway.json("/api/v3/ticker/price", **one) == {"symbol": SYMBOL, "price": last}


@given(happenings, st.integers(0, 200), limits)
def test_24_hours_are_as_new_as_the_last_trade(happened: Any, until: int, limit: int) -> None:
    log = MarketLog(BTCUSDT, happened)
    gateway = OfflineGateway()
    trades: list[dict[str, Any]] = []
    now_ms = 0
    for name, record in log.told[:until]:
        gateway.tell(name, record)
        now_ms = max(now_ms, record.get("time_ms", 0))
        if name == "Trade":
            trades.append(dict(record))

    ticker = gateway.json("/api/v3/ticker/24hr", symbol=SYMBOL)

    if trades:
        # Minutes leave the window once a second of the log's time.
        plain = PlainMarket(BTCUSDT, trades, now_ms)
        assert ticker["lastPrice"] == plain.price(trades[-1])
        assert ticker["lastId"] in (trades[-1]["trade_id"], -1)
    assert float(ticker["lowPrice"]) <= float(ticker["openPrice"]) <= float(ticker["highPrice"])
    assert float(ticker["lowPrice"]) <= float(ticker["lastPrice"]) <= float(ticker["highPrice"])


@given(happenings, limits, st.one_of(st.none(), st.integers(0, 120)), moments, moments)
def test_trades(
    happened: Any, limit: int, from_id: int | None, start: int | None, end: int | None
) -> None:
    log = MarketLog(BTCUSDT, happened)
    plain = PlainMarket(BTCUSDT, log.trades, log.now_ms)
    gateway = told(log)
    one = {"symbol": SYMBOL, "limit": limit}

    newest = gateway.json("/api/v3/trades", **one)
    old = gateway.json("/api/v3/historicalTrades", **sent(fromId=from_id), **one)
    by_id = gateway.json("/api/v3/aggTrades", **sent(fromId=from_id), **one)
    by_time = gateway.json("/api/v3/aggTrades", **sent(startTime=start, endTime=end), **one)

    assert [each["id"] for each in newest] == [t["trade_id"] for t in log.trades[-limit:]]
    assert [each["price"] for each in newest] == [plain.price(t) for t in log.trades[-limit:]]
    if from_id is None:
        assert old == newest
    else:
        expected = [t["trade_id"] for t in log.trades if t["trade_id"] >= from_id]
        assert [each["id"] for each in old] == expected[:limit]
    aggregates = plain_aggregates(log.trades)
    for rows, wanted, is_newest in (
        (by_id, [a for a in aggregates if a[0] >= (from_id or 0)], from_id is None),
        (
            by_time,
            [a for a in aggregates if (start or 0) <= a[5] <= (2**63 if end is None else end)],
            start is None,
        ),
    ):
        expected_rows = wanted[-limit:] if is_newest else wanted[:limit]
        assert [(r["a"], r["l"], r["T"], r["m"]) for r in rows] == [
            (first, last, time_ms, is_buyer_maker)
            for first, last, _, _, is_buyer_maker, time_ms in expected_rows
        ]
        assert all(row["f"] == row["a"] and row["M"] for row in rows)
