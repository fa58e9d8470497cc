"""The newest candles against a plain dictionary that is sorted each time."""

from hypothesis import given
from hypothesis import strategies as st

from web.state.candles import CandleSeries, Record

tellings = st.lists(st.integers(0, 40), max_size=120)


@given(tellings, st.integers(1, 15), st.integers(-1, 42), st.integers(-1, 42))
def test_equals_a_plain_dictionary(openings: list[int], kept: int, first: int, last: int) -> None:
    series = CandleSeries(kept)
    plain: dict[int, Record] = {}
    is_whole = True

    for version, opening in enumerate(openings):
        candle = {"open_time_ms": opening, "trades": version}
        series.put(candle)
        plain[opening] = candle
        while len(plain) > kept:
            is_whole = False
            del plain[min(plain)]

    expected = [plain[opening] for opening in sorted(plain)]
    assert series.all() == expected
    assert len(series) == len(expected)
    assert series.is_whole is is_whole
    assert series.oldest() == (expected[0] if expected else None)
    assert series.newest() == (expected[-1] if expected else None)
    assert series.between(first, last) == [
        each for each in expected if first <= each["open_time_ms"] <= last
    ]
    before = [each for each in expected if each["open_time_ms"] < first]
    assert series.before(first) == (before[-1] if before else None)
    assert series.at(first) == plain.get(first)


def test_forgets_how_a_candle_was_shown_when_it_is_told_anew() -> None:
    series = CandleSeries(2)
    for opening in (1, 2):
        series.put({"open_time_ms": opening})
        series.shown[opening] = [opening]

    series.put({"open_time_ms": 2})
    assert series.shown == {1: [1]}

    series.put({"open_time_ms": 3})
    assert series.shown == {}
