"""Candles that are shown, beside the same counted trade by trade with another calendar."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation import reference_candles
from web.binance.streams.names import INTERVALS
from web.binance.streams.windows import Grid, told_until_ms, windows

_HOUR_MS = 3_600_000
_START_MS = 1_760_000_040_000
_LONG = [name for name in INTERVALS if name[-1] in "hdwM"]
"""Intervals whose windows between some days are few."""


def _trades(gaps_ms: list[int], prices: list[int]) -> list[dict[str, Any]]:
    trades, time_ms = [], _START_MS
    for number, (gap_ms, price) in enumerate(zip(gaps_ms, prices, strict=False), start=1):
        time_ms += gap_ms
        trades.append(
            {
                "symbol": "PLAIN",
                "trade_id": number,
                "price_ticks": price,
                "quantity_lots": number,
                "quote_units": price * number,
                "is_buyer_maker": price % 2 == 0,
                "time_ms": time_ms,
            }
        )
    return trades


def _shifted(trades: list[dict[str, Any]], by_ms: int) -> list[dict[str, Any]]:
    return [trade | {"time_ms": trade["time_ms"] + by_ms} for trade in trades]


def _expected(
    trades: list[dict[str, Any]], interval: str, east_ms: int, now_ms: int
) -> list[tuple[int, int, int, int, int, int, int, bool]]:
    """Opening, end, trades, open, high, low and close, and whether it is over, of each window."""
    made = {
        each["open_time_ms"] - east_ms: each
        for each in reference_candles.candles(_shifted(trades, east_ms), interval)
    }
    shown, time_ms, close = [], trades[0]["time_ms"], 0
    while True:
        opens, closes = (
            edge - east_ms for edge in reference_candles.window(interval, time_ms + east_ms)
        )
        if opens >= now_ms and opens > max(made):
            return shown
        candle = made.get(opens)
        prices = (close,) * 4
        if candle is not None:
            prices = tuple(candle[f"{name}_ticks"] for name in ("open", "high", "low", "close"))
            close = candle["close_ticks"]
        count = candle["trades"] if candle is not None else 0
        shown.append((opens, closes, count, *prices, closes < now_ms))
        time_ms = closes + 1


def _seen(candle: dict[str, Any]) -> tuple[Any, ...]:
    names = ("open_time_ms", "close_time_ms", "trades")
    prices = ("open_ticks", "high_ticks", "low_ticks", "close_ticks")
    return tuple(candle[name] for name in (*names, *prices, "is_closed"))


@given(
    st.sampled_from(_LONG),
    st.sampled_from([0, 8]),
    st.lists(st.integers(0, 30 * _HOUR_MS), min_size=1, max_size=10),
    st.lists(st.integers(1, 9), min_size=10, max_size=10),
    st.integers(0, 50 * _HOUR_MS),
)
def test_windows_are_those_of_the_trades(
    interval: str, east_hours: int, gaps_ms: list[int], prices: list[int], later_ms: int
) -> None:
    trades = _trades(gaps_ms, prices)
    now_ms = trades[-1]["time_ms"] + later_ms
    grid = Grid(interval, east_hours)
    # What the log has: every candle that is over is closed.
    told = [
        candle | {"is_closed": candle["close_time_ms"] < now_ms}
        for candle in reference_candles.candles(trades, grid.source)
    ]

    until_ms = told_until_ms(told[-1], last_trade_ms=trades[-1]["time_ms"], now_ms=now_ms)
    shown = windows(told, grid, told_until_ms=until_ms)

    # A window that is open by the log's last candle is open, whatever the time is.
    known_ms = now_ms if told[-1]["is_closed"] else told[-1]["open_time_ms"]
    expected = _expected(trades, interval, east_hours * _HOUR_MS, known_ms)
    assert [_seen(candle) for candle in shown] == expected
    assert sum(c["volume_lots"] for c in shown) == sum(t["quantity_lots"] for t in trades)
    assert sum(c["quote_volume_units"] for c in shown) == sum(t["quote_units"] for t in trades)
    ids = [(c["first_trade_id"], c["last_trade_id"]) for c in shown if c["trades"]]
    assert ids[0][0] == 1
    assert all(first == before[1] + 1 for before, (first, _) in zip(ids, ids[1:], strict=False))


@given(st.sampled_from(INTERVALS), st.integers(0, 2**41))
def test_grids_are_the_calendars(interval: str, time_ms: int) -> None:
    for east_hours in (0, 8):
        grid, east_ms = Grid(interval, east_hours), east_hours * _HOUR_MS
        opens, closes = reference_candles.window(interval, time_ms + east_ms)
        assert grid.open_ms(time_ms) == opens - east_ms
        assert grid.end_ms(opens - east_ms) == closes + 1 - east_ms


@pytest.mark.parametrize("interval", INTERVALS)
def test_windows_are_made_of_candles_that_fit_into_them(interval: str) -> None:
    grid = Grid(interval, 8)
    source = Grid(grid.source)

    for time_ms in range(_START_MS, _START_MS + 40 * 24 * _HOUR_MS, _HOUR_MS // 2):
        begins = grid.open_ms(time_ms)
        assert source.open_ms(begins) == begins


def _candle(open_ms: int, *, is_closed: bool) -> dict[str, Any]:
    return {"open_time_ms": open_ms, "close_time_ms": open_ms + 999, "is_closed": is_closed}


@pytest.mark.parametrize(
    ("is_closed", "last_trade_ms", "now_ms", "expected"),
    [
        (False, 5_500, 9_000, 5_000),
        # Something was traded since, and its candle is still on its way.
        (True, 6_200, 9_000, 6_000),
        (True, 5_500, 9_000, 9_000),
        # The candle came before the tick that closed it.
        (True, 5_500, 5_900, 6_000),
        # No trade was read: they are all older than the candle.
        (True, 0, 9_000, 9_000),
    ],
)
def test_how_far_candles_say_all(
    is_closed: bool, last_trade_ms: int, now_ms: int, expected: int
) -> None:
    newest = _candle(5_000, is_closed=is_closed)

    assert told_until_ms(newest, last_trade_ms=last_trade_ms, now_ms=now_ms) == expected


def test_after_a_long_pause_tells_the_newest_windows_only() -> None:
    (trade,) = _trades([0], [5])
    (candle,) = reference_candles.candles([trade], "1s")
    now_ms = candle["open_time_ms"] + 86_400_000

    shown = windows([candle], Grid("1s"), told_until_ms=now_ms)

    assert len(shown) == 1_001
    assert shown[-1]["close_time_ms"] == now_ms - 1
