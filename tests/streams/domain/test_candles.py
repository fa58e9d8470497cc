"""Candles against a plain loop over the trades: in order, shuffled, repeated, restored."""

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode, encode
from schemas.instruments import load_instruments
from streams.domain.candle import LARGEST, CandleEvent, CandleSums
from streams.domain.candle_intervals import INTERVAL_NAMES, INTERVALS
from streams.domain.market_data import MarketData
from tests.simulation.reference_candles import candles, some_trades, window

INSTRUMENTS = load_instruments(None)
SYMBOL = "BTCUSDT"
JANUARY_MS = 1_706_659_190_000  # 2024-01-30T23:59:50Z: a leap year's February is near
BUSY = (0, 0, 1, 7, 40, 300, 1_500)
SPARSE = (0, 900, 40_000, 700_000, 9_000_000, 90_000_000)
FOR_EVER_MS = 40 * 86_400_000


class Fed:
    """Market data that is fed trade by trade, and what it told."""

    def __init__(self, grace_ms: int = 0) -> None:
        self.grace_ms = grace_ms
        self.data = MarketData(INSTRUMENTS, grace_ms)
        self.events: list[CandleEvent] = []
        self.tickers: list[Any] = []
        self.rows: dict[str, bytes] = {}

    def feed(self, trades: Iterable[dict[str, Any]]) -> "Fed":
        for trade in trades:
            symbol = self.data.symbol(trade["symbol"])
            assert symbol is not None
            self._told([symbol.trade(trade)])
        return self

    def advance(self, time_ms: int) -> "Fed":
        self._told(self.data.advance(time_ms))
        return self

    def end(self) -> "Fed":
        """Let so much time pass that every window is over."""
        return self.advance(self.data.symbols[SYMBOL].series.watermark_ms + FOR_EVER_MS)

    def restart(self) -> None:
        """Go on from rows alone, as a worker does."""
        for key, row in self.data.take_changes().items():
            if row is None:
                self.rows.pop(key, None)
            else:
                name = "Candle" if "interval" in row else "MarketSymbolRow"
                self.rows[key] = encode(name, row)  # type: ignore[arg-type]
        rows: Any = [decode(row)[1] for row in self.rows.values()]
        self.data = MarketData.restore(INSTRUMENTS, self.grace_ms, rows)

    def closed(self, interval: str) -> list[Any]:
        return [e.as_record() for e in self.events if e.is_closed and e.interval == interval]

    def _told(self, told: Iterable[Any]) -> None:
        for events, ticker in told:
            # As they were told: an open window goes on changing.
            self.events += [
                CandleEvent(
                    e.symbol,
                    e.interval,
                    e.open_time_ms,
                    e.close_time_ms,
                    e.sums.copy(),
                    e.is_closed,
                )
                for e in events
            ]
            if ticker is not None:
                self.tickers.append(ticker)


@pytest.mark.parametrize("interval", INTERVALS, ids=INTERVAL_NAMES)
@given(time_ms=st.integers(0, 4_102_444_800_000))
def test_windows_begin_and_end_by_the_calendar(interval: Any, time_ms: int) -> None:
    opens = interval.open_ms(time_ms)

    assert (opens, interval.end_ms(opens) - 1) == window(interval.name, time_ms)


def test_longer_windows_are_made_of_whole_shorter_ones() -> None:
    rng = Random(1)
    for interval in INTERVALS[1:]:
        source = INTERVALS[interval.source]
        for _ in range(1_000):
            opens = interval.open_ms(rng.randrange(4_102_444_800_000))
            assert source.open_ms(opens) == opens
            assert source.open_ms(interval.end_ms(opens)) == interval.end_ms(opens)


@pytest.mark.parametrize("steps_ms", [BUSY, SPARSE], ids=["busy", "sparse"])
@pytest.mark.parametrize("seed", range(4))
def test_in_order(seed: int, steps_ms: tuple[int, ...]) -> None:
    trades = some_trades(seed, 2_000, first_ms=JANUARY_MS, steps_ms=steps_ms)

    fed = Fed().feed(trades).end()

    for interval in INTERVAL_NAMES:
        assert fed.closed(interval) == candles(trades, interval), interval


@pytest.mark.parametrize("steps_ms", [BUSY, SPARSE], ids=["busy", "sparse"])
@pytest.mark.parametrize("seed", range(4))
def test_shuffled_within_the_grace_and_repeated(seed: int, steps_ms: tuple[int, ...]) -> None:
    rng = Random(seed)
    trades = some_trades(seed, 2_000, first_ms=JANUARY_MS, steps_ms=steps_ms)
    grace_ms = 5_000
    repeats = rng.sample(trades, len(trades) // 10)
    sent = [
        (trade["time_ms"] + rng.randrange(grace_ms), rng.random(), trade)
        for trade in trades + repeats
    ]

    fed = Fed(grace_ms).feed(trade for *_, trade in sorted(sent, key=lambda one: one[:2])).end()

    for interval in INTERVAL_NAMES:
        assert fed.closed(interval) == candles(trades, interval), interval
    series = fed.data.symbols[SYMBOL].series
    assert (series.late_trades, series.repeated_trades) == (0, len(repeats))


def test_what_comes_behind_the_grace_is_counted_and_in_no_candle() -> None:
    trades = some_trades(3, 50, first_ms=JANUARY_MS, steps_ms=(1_000,))
    late = trades.pop(10)

    fed = Fed(2_000).feed(trades).feed([late, late]).end()

    for interval in INTERVAL_NAMES:
        assert fed.closed(interval) == candles(trades, interval), interval
    assert fed.data.symbols[SYMBOL].series.late_trades == 2
    assert fed.data.take_uncounted() == [(SYMBOL, "late", 2)]
    assert fed.data.take_uncounted() == []


def test_the_clock_closes_what_nothing_trades_in_any_more() -> None:
    (trade,) = some_trades(3, 1, first_ms=JANUARY_MS, steps_ms=(0,))
    fed = Fed().feed([trade])
    before = fed.advance(JANUARY_MS + 9_999).closed("1m")

    fed.advance(JANUARY_MS + 10_000)

    assert before == []
    assert fed.closed("1m") == candles([trade], "1m")
    assert fed.closed("1h") == candles([trade], "1h")  # the hour ends with that minute
    assert fed.closed("1M") == []


def test_open_windows_are_told_once_a_second_where_something_traded() -> None:
    trades = some_trades(5, 3, first_ms=JANUARY_MS, steps_ms=(300,))
    fed = Fed().feed(trades).advance(JANUARY_MS + 1_000)

    told = [event.as_record() for event in fed.events if not event.is_closed]
    assert [each["interval"] for each in told] == list(INTERVAL_NAMES[1:])
    for each in told:
        (whole,) = candles(trades, each["interval"])
        assert each == whole | {"is_closed": False}
    assert fed.closed("1s") == candles(trades, "1s")
    count = len(fed.events)
    assert len(fed.advance(JANUARY_MS + 5_000).events) == count


@given(
    seed=st.integers(0, 10_000),
    restarts=st.sets(st.integers(0, 60), max_size=8),
    is_sparse=st.booleans(),
    grace_ms=st.sampled_from([0, 700, 5_000]),
)
def test_a_restored_series_goes_on_alike(
    seed: int, restarts: set[int], is_sparse: bool, grace_ms: int
) -> None:
    trades = some_trades(seed, 60, first_ms=JANUARY_MS, steps_ms=SPARSE if is_sparse else BUSY)
    rng = Random(seed)
    trades.sort(key=lambda trade: trade["time_ms"] + rng.randrange(grace_ms + 1))
    whole, parts = Fed(grace_ms).feed(trades).end(), Fed(grace_ms)

    for number, trade in enumerate(trades):
        if number in restarts:
            parts.restart()
        parts.feed([trade])
    parts.end()

    assert [e.as_record() for e in parts.events] == [e.as_record() for e in whole.events]
    assert parts.tickers == whole.tickers


def test_sums_stop_at_the_largest_number() -> None:
    sums = CandleSums()
    for trade_id in (1, 2, 3):
        sums.add_trade(trade_id, 5, LARGEST // 2, LARGEST // 2, True)

    assert (sums.volume_lots, sums.taker_buy_quote_units) == (LARGEST, LARGEST)
    both = sums.copy()
    both.add(sums)
    assert (both.volume_lots, both.trades) == (LARGEST, 6)
