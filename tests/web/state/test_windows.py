"""Windows of candles: in UTC those of the marketdata stage, elsewhere by the local clock."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.candle_intervals import INTERVAL_NAMES, INTERVALS
from web.state.windows import (
    DAY_MS,
    LENGTHS_MS,
    MINUTE_MS,
    TIME_MAX_MS,
    Windows,
)
from web.state.windows import (
    INTERVALS as NAMES,
)

times = st.integers(DAY_MS, 4_102_444_800_000)
names = st.sampled_from(NAMES)
leads = st.one_of(
    st.integers(-12 * 60, 14 * 60).map(lambda minutes: minutes * MINUTE_MS),
    st.sampled_from([8, -5, 14, -12]).map(lambda hours: hours * 60 * MINUTE_MS),
)


def test_has_the_same_intervals() -> None:
    assert NAMES == INTERVAL_NAMES


@given(names, times)
def test_in_utc_they_are_those_that_are_told(name: str, time_ms: int) -> None:
    told = INTERVALS[INTERVAL_NAMES.index(name)]
    windows = Windows(name)
    number = windows.at(time_ms)

    assert windows.opening(number) == told.open_ms(time_ms)
    assert windows.closing(number) + 1 == told.end_ms(told.open_ms(time_ms))
    assert windows.source() == name


@given(names, times, leads)
def test_a_time_is_in_its_window_and_windows_leave_no_gap(
    name: str, time_ms: int, lead_ms: int
) -> None:
    windows = Windows(name, lead_ms)
    number = windows.at(time_ms)

    assert windows.opening(number) <= time_ms <= windows.closing(number)
    assert windows.at(windows.opening(number)) == number
    assert windows.at(windows.closing(number)) == number
    assert windows.at(windows.closing(number) + 1) == number + 1
    assert windows.closing(number) - windows.opening(number) < LENGTHS_MS[name]


@given(names, times, leads)
def test_begins_on_the_local_clock(name: str, time_ms: int, lead_ms: int) -> None:
    windows = Windows(name, lead_ms)
    opening = windows.opening(windows.at(time_ms))
    local = datetime.fromtimestamp((opening + lead_ms) / 1_000, UTC)

    unit, count = name[-1], int(name[:-1])
    if unit == "M":
        assert (local.day, local.hour, local.minute, local.second) == (1, 0, 0, 0)
    elif unit == "w":
        assert (local.weekday(), local.hour, local.minute, local.second) == (0, 0, 0, 0)
    elif unit == "d":
        assert (local.hour, local.minute, local.second) == (0, 0, 0)
        assert (local.date() - datetime(1970, 1, 1).date()).days % count == 0
    else:
        parts = {"h": (local.hour, local.minute), "m": (local.minute, 0), "s": (local.second, 0)}
        assert parts[unit][0] % count == 0
        assert parts[unit][1] == 0
        assert local.microsecond == 0


@given(names, times, leads)
def test_is_made_of_whole_windows_of_its_source(name: str, time_ms: int, lead_ms: int) -> None:
    windows = Windows(name, lead_ms)
    source = Windows(windows.source())
    number = windows.at(time_ms)
    opening = windows.opening(number)

    assert source.opening(source.at(opening)) == opening
    assert source.closing(source.at(windows.closing(number))) == windows.closing(number)


@pytest.mark.parametrize(
    ("name", "lead_minutes", "source"),
    [
        ("1d", 480, "8h"),
        ("1d", 60, "1h"),
        ("1d", 345, "15m"),
        ("1M", -300, "1h"),
        ("4h", 480, "4h"),
        ("3m", 345, "3m"),
        ("1h", 7, "1m"),
        ("1s", 7, "1s"),
    ],
)
def test_takes_the_longest_source(name: str, lead_minutes: int, source: str) -> None:
    assert Windows(name, lead_minutes * MINUTE_MS).source() == source


@pytest.mark.parametrize("time_ms", [0, TIME_MAX_MS, 2**63 - 1])
def test_takes_any_time_that_a_client_may_send(time_ms: int) -> None:
    for name in NAMES:
        windows = Windows(name, -DAY_MS // 2)
        assert windows.at(time_ms) <= windows.at(2**63 - 1)
