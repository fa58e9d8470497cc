"""The rolling day against a search through all trades."""

from random import Random
from typing import Any

import pytest

from tests.simulation.reference_candles import some_trades
from tests.streams.domain.test_candles import JANUARY_MS, SYMBOL, Fed

MINUTE_MS = 60_000
DAY_MS = 86_400_000


def expected(trades: list[dict[str, Any]], now_ms: int) -> dict[str, Any]:
    """What a ticker at this time must say; ``trades`` are those that came before it."""
    opens = now_ms - now_ms % MINUTE_MS - DAY_MS
    inside = [trade for trade in trades if trade["time_ms"] >= opens]
    before = [trade["price_ticks"] for trade in trades if trade["time_ms"] < opens]
    since = now_ms - now_ms % MINUTE_MS - 4 * MINUTE_MS
    lately = [trade for trade in trades if trade["time_ms"] >= since] or trades[-1:]
    last = trades[-1]
    prices = [trade["price_ticks"] for trade in inside] or [last["price_ticks"]]
    return {
        "symbol": SYMBOL,
        "open_time_ms": opens,
        "close_time_ms": now_ms,
        "first_trade_id": inside[0]["trade_id"] if inside else 0,
        "last_trade_id": inside[-1]["trade_id"] if inside else 0,
        "previous_close_ticks": before[-1] if before else 0,
        "open_ticks": prices[0],
        "high_ticks": max(prices),
        "low_ticks": min(prices),
        "last_ticks": last["price_ticks"],
        "last_lots": last["quantity_lots"],
        "last_time_ms": last["time_ms"],
        "volume_lots": sum(trade["quantity_lots"] for trade in inside),
        "quote_volume_units": sum(trade["quote_units"] for trade in inside),
        "trades": len(inside),
        "weighted_average_units": average(inside or [last]),
        "average_price_units": average(lately),
    }


def average(trades: list[dict[str, Any]]) -> int:
    """Minor units of USDT a BTC: a lot is 10**-5 BTC."""
    lots = sum(trade["quantity_lots"] for trade in trades)
    return int(sum(trade["quote_units"] for trade in trades) * 10**8 // (lots * 1_000))


@pytest.mark.parametrize("seed", range(5))
def test_the_rolling_day(seed: int) -> None:
    rng = Random(seed)
    steps = (0, 100, 5_000, 61_000, 900_000, 20_000_000)
    trades = some_trades(seed, 400, first_ms=JANUARY_MS, steps_ms=steps)
    fed = Fed()
    looked_at = 0

    for number, trade in enumerate(trades):
        if rng.random() < 0.05:
            fed.restart()
        told = len(fed.tickers)
        fed.feed([trade])
        for ticker in fed.tickers[told:]:
            assert ticker == expected(trades[:number], ticker["close_time_ms"])
            looked_at += 1
        told = len(fed.tickers)
        # As far as the clock may go: the next trade is not to be late.
        fed.advance(
            min([trade["time_ms"] + 1_000, *(t["time_ms"] for t in trades[number + 1 :][:1])])
        )
        for ticker in fed.tickers[told:]:
            assert ticker == expected(trades[: number + 1], ticker["close_time_ms"])

    assert looked_at > 50


def test_what_leaves_the_window_is_told_though_nothing_trades() -> None:
    trades = some_trades(1, 5, first_ms=JANUARY_MS, steps_ms=(500,))
    fed = Fed().feed(trades).advance(JANUARY_MS + 10_000)
    before = len(fed.tickers)

    fed.advance(JANUARY_MS + DAY_MS)
    assert fed.tickers[before:] == []
    fed.advance(JANUARY_MS + DAY_MS + 2 * MINUTE_MS)

    (ticker,) = fed.tickers[before:]
    assert ticker == expected(trades, JANUARY_MS + DAY_MS + 2 * MINUTE_MS)
    assert ticker["trades"] == 0
    fed.restart()
    # The day and the month are over too; of trades no more is kept than what is still open.
    assert sorted(key.split()[1:2] for key in fed.rows) == [[], ["1w"], ["3d"]]
