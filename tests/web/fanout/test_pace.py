"""The pace of a client, and how often an address connects, beside all times that there were."""

from hypothesis import given
from hypothesis import strategies as st

from web.binance.streams.attempts import Attempts
from web.fanout.pace import Pace

_STEPS = st.lists(st.floats(0, 0.7, allow_nan=False))


@given(st.integers(0, 4), _STEPS)
def test_no_second_has_more_messages_than_allowed(limit: int, steps: list[float]) -> None:
    pace, kept, now = Pace(limit), [], 100.0
    for step in steps:
        now += step
        lately = [time for time in kept if now - time < 1]
        expected = not limit or len(lately) < limit
        assert pace.is_kept(now) == expected
        if expected:
            kept.append(now)


@given(st.integers(0, 3), st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 200))))
def test_no_address_connects_more_often(limit: int, steps: list[tuple[str, float]]) -> None:
    attempts, now = Attempts(limit), 1_000.0
    allowed: list[tuple[str, float]] = []
    for address, step in steps:
        now += step
        lately = [time for who, time in allowed if who == address and now - time < 300]
        expected = not limit or len(lately) < limit
        assert attempts.is_allowed(address, now) == expected
        if expected:
            allowed.append((address, now))
