"""The last hours from candles of a minute, beside the trades themselves."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.instruments import load_instruments
from tests.simulation.reference_candles import candles
from web.state.rolling_window import rolling_window, window_open_ms

_RULES = load_instruments()["BTCUSDT"]
_START_MS = 1_760_000_040_000
_MINUTES = 60


@given(st.lists(st.tuples(st.integers(0, 20 * 60_000), st.integers(1, 9))), st.integers(0, 10**7))
def test_is_what_was_traded_in_the_window(steps: list[tuple[int, int]], later_ms: int) -> None:
    trades: list[dict[str, Any]] = []
    now_ms = _START_MS
    for number, (gap_ms, price) in enumerate(steps, start=1):
        now_ms += gap_ms
        trade = {"symbol": "BTCUSDT", "trade_id": number, "price_ticks": price, "time_ms": now_ms}
        money = {"quantity_lots": number, "quote_units": number * price * 10}
        trades.append({**trade, **money, "is_buyer_maker": False})
    now_ms += later_ms
    begins = window_open_ms(now_ms, _MINUTES)
    inside = [trade for trade in trades if trade["time_ms"] >= begins]
    minutes = [each for each in candles(trades, "1m") if each["open_time_ms"] >= begins]

    window = rolling_window(_RULES, minutes, minutes=_MINUTES, now_ms=now_ms, last_ticks=77)

    assert window.close_time_ms == now_ms
    assert 60 * 60_000 <= now_ms - window.open_time_ms < 61 * 60_000
    assert window.open_time_ms % 60_000 == 0
    assert window.trades == len(inside)
    assert window.volume_lots == sum(trade["quantity_lots"] for trade in inside)
    assert window.quote_volume_units == sum(trade["quote_units"] for trade in inside)
    prices = [trade["price_ticks"] for trade in inside] or [77]
    assert (window.open_ticks, window.last_ticks) == (prices[0], prices[-1])
    assert (window.high_ticks, window.low_ticks) == (max(prices), min(prices))
    ids = [trade["trade_id"] for trade in inside] or [-1]
    assert (window.first_trade_id, window.last_trade_id) == (ids[0], ids[-1])
    base_units = window.volume_lots * _RULES.base_units_per_lot
    if inside:
        expected = window.quote_volume_units * 10**8 // base_units
        assert window.weighted_average_units == expected
    else:
        assert window.weighted_average_units == 77 * 10**6
