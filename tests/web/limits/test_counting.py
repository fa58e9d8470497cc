"""Counts in memory, beside counts that nobody could get wrong; and in Redis, beside those."""

import asyncio
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.limits.moved_clock import MovedClock
from tradeflow.stores.redis import EmbeddedRedis
from web.limits.counting import LocalCounters, MemoryCounters, Step, Verb
from web.limits.shared import SharedCounters

_WINDOW_MS = 10_000
_Moves = list[tuple[int, Verb, str, int]]

_moves = st.lists(
    st.tuples(
        st.integers(0, 12_000),
        st.sampled_from(Verb),
        st.sampled_from("abc"),
        st.integers(1, 1_000),
    ),
    max_size=40,
)


def _steps(moves: _Moves, begin_ms: int) -> list[tuple[int, Step]]:
    """Each with the moment at which it is done."""
    steps, now = [], begin_ms
    for passed_ms, verb, name, number in moves:
        now += passed_ms
        if verb is Verb.ADD:
            window = now // _WINDOW_MS
            step = Step(verb, f"count:{window}:{name}", number, (window + 1) * _WINDOW_MS)
        else:
            step = Step(verb, f"mark:{name}", number, now + 3_600_000)
        steps.append((now, step))
    return steps


@given(_moves)
def test_counts_as_one_does_who_forgets_nothing(moves: _Moves) -> None:
    memory, counts, marks = MemoryCounters(), Counter[str](), Counter[str]()

    for now, step in _steps(moves, 1_000_000):
        given_number = memory.do(step, now)

        if step.verb is Verb.ADD:
            counts[step.key] += step.number
            assert given_number == counts[step.key]
        else:
            if step.verb is Verb.RAISE:
                marks[step.key] = max(marks[step.key], step.number)
            assert given_number == marks[step.key]


@given(_moves)
def test_keeps_no_window_that_is_over(moves: _Moves) -> None:
    memory = MemoryCounters()
    now = 0

    for now, step in _steps(moves, 1_000_000):
        memory.do(step, now)

    memory.add("last", 1, now + _WINDOW_MS, now)
    assert all(end_ms > now for end_ms in memory._windows)


def test_adds_nothing_to_a_window_that_is_over() -> None:
    memory = MemoryCounters()

    assert memory.add("late", 5, 1_000, 1_000) == 0
    assert memory.take_all(0) == []


@given(_moves)
def test_gives_all_away_once(moves: _Moves) -> None:
    memory, again = MemoryCounters(), MemoryCounters()
    now = 1_000_000
    for now, step in _steps(moves, 1_000_000):
        memory.do(step, now)
    keys = {(step.verb, step.key) for _, step in _steps(moves, 1_000_000)}

    for step in memory.take_all(now):
        assert step.number == again.do(step, now)
        assert (step.verb, step.key) in keys

    assert memory.take_all(now) == []


@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(_moves)
def test_redis_counts_as_memory_does(plain_server: EmbeddedRedis, moves: _Moves) -> None:
    """A batch at a time, as requests that come at once are."""

    async def play() -> None:
        clock = MovedClock()
        shared = SharedCounters(plain_server.url, timeout_seconds=5, clock=clock)
        local = LocalCounters(clock)
        await shared._redis.flushdb()
        await shared.open()
        try:
            steps = [step for _, step in _steps(moves, clock.now_ms)]
            assert shared.is_shared
            for first in range(0, len(steps), 3):
                batch = steps[first : first + 3]
                assert await shared.apply(batch) == await local.apply(batch)
        finally:
            await shared.close()

    asyncio.run(play())
