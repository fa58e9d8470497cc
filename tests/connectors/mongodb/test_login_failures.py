"""The window over failed logins, against a list of all of them."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from connectors.mongodb.login_failures import FORGET_MS, LIMIT, WINDOW_MS, LoginFailures

Failure = tuple[str, int, str]


def slow_twin(failures: list[Failure]) -> Iterator[bool]:
    """Of each failure whether a burst begins with it, counted anew each time."""
    seen: dict[str, set[tuple[int, str]]] = {}
    bursts: dict[str, bool] = {}
    for user, time_ms, position in failures:
        times = seen.setdefault(user, set())
        times.add((time_ms, position))
        latest = max(time for time, _ in times)
        is_burst = sum(time > latest - WINDOW_MS for time, _ in times) > 5
        yield is_burst and not bursts.get(user, False)
        bursts[user] = is_burst


# Steps that are small, or about the window's edge; some back.
STEPS = st.one_of(
    st.integers(-3_000, 12_000), st.sampled_from((0, 1, WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 1))
)


@st.composite
def logs(draw: st.DrawFn) -> list[Failure]:
    now_ms = 1_760_000_000_000
    failures: list[Failure] = []
    for number, (user, step) in enumerate(
        draw(st.lists(st.tuples(st.sampled_from("ab"), STEPS), max_size=60))
    ):
        now_ms += step
        failures.append((user, now_ms, f"audit/0/{number}"))
        if draw(st.integers(0, 9)) == 0:
            failures.append(draw(st.sampled_from(failures)))
    return failures


@given(logs())
def test_it_says_what_the_slow_twin_says(failures: list[Failure]) -> None:
    window = LoginFailures()
    assert [window.add(*failure) for failure in failures] == list(slow_twin(failures))


@given(logs(), st.integers(0, 60))
def test_it_goes_on_from_its_state(failures: list[Failure], cut: int) -> None:
    window = LoginFailures()
    said = [window.add(*failure) for failure in failures[:cut]]
    again = LoginFailures.from_state(window.to_state())
    said += [again.add(*failure) for failure in failures[cut:]]
    assert said == list(slow_twin(failures))


@given(logs())
def test_what_comes_again_begins_no_burst_that_lasts(failures: list[Failure]) -> None:
    """From wherever it is read again: the same bursts, none of them new at the end."""
    window = LoginFailures()
    for failure in failures:
        window.add(*failure)
    before = window.to_state()
    if failures:
        assert not window.add(*failures[-1])
    assert window.to_state() == before


def test_the_sixth_within_a_minute_is_one_too_many() -> None:
    window = LoginFailures()
    said = [window.add("ann", 1_000 * n, f"a/0/{n}") for n in range(LIMIT + 3)]
    assert said == [False] * LIMIT + [True, False, False]
    assert window.since("ann") == 2_000
    later = WINDOW_MS * 3
    assert [window.add("ann", later + n, f"b/0/{n}") for n in range(LIMIT + 1)][-1]


def test_who_is_long_quiet_is_forgotten() -> None:
    window = LoginFailures()
    for number in range(5_000):
        window.add(f"user-{number}", number * FORGET_MS // 1_000, f"a/0/{number}")
    assert len(window) <= 2_000
