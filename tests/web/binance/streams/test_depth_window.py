"""Diffs of a book: applied one after the other they are the book, without a gap."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from web.binance.streams.depth_window import DepthDiff, DepthWindow

_LEVELS = st.dictionaries(st.integers(1, 6), st.integers(0, 3), max_size=3)
_CHANGES = st.tuples(_LEVELS, _LEVELS).filter(any)


def _update(
    first: int, bids: dict[int, int], asks: dict[int, int], time_ms: int = 0
) -> dict[str, Any]:
    return {
        "first_update_id": first,
        "last_update_id": first + len(bids) + len(asks) - 1,
        "bids": [{"price_ticks": p, "quantity_lots": q} for p, q in bids.items()],
        "asks": [{"price_ticks": p, "quantity_lots": q} for p, q in asks.items()],
        "time_ms": time_ms,
    }


class _Book:
    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def apply(self, bids: Any, asks: Any) -> None:
        for mine, theirs in ((self.bids, bids), (self.asks, asks)):
            for price, lots in theirs:
                mine[price] = lots
                if not lots:
                    del mine[price]


@given(st.lists(_CHANGES | st.just("take")), st.integers(1, 1_000))
def test_what_is_taken_adds_up_to_the_book(steps: list[Any], first: int) -> None:
    window, book, copy = DepthWindow(), _Book(), _Book()
    next_id, told = first, first - 1
    for step in [*steps, "take"]:
        if step == "take":
            diff = window.take()
            assert (diff is None) == (told == next_id - 1)
            if diff is not None:
                assert (diff.first_update_id, diff.last_update_id) == (told + 1, next_id - 1)
                assert diff.bids == sorted(diff.bids, reverse=True)
                assert diff.asks == sorted(diff.asks)
                copy.apply(diff.bids, diff.asks)
                told = diff.last_update_id
                assert (copy.bids, copy.asks) == (book.bids, book.asks)
            continue
        update = _update(next_id, *step)
        assert window.add(update) is None
        # What comes again changes nothing.
        assert window.add(update) is None
        book.apply(step[0].items(), step[1].items())
        next_id = update["last_update_id"] + 1


def test_shows_a_gap_instead_of_covering_it() -> None:
    window = DepthWindow()
    assert window.add(_update(5, {10: 1}, {}, time_ms=50)) is None

    before = window.add(_update(8, {11: 2}, {12: 3}, time_ms=60))

    assert before == DepthDiff(5, 5, [(10, 1)], [], 50)
    assert window.take() == DepthDiff(8, 9, [(11, 2)], [(12, 3)], 60)
    assert window.take() is None


def test_goes_on_behind_the_change_that_it_is_told() -> None:
    window = DepthWindow(7)
    window.add(_update(7, {10: 1}, {}))
    window.add(_update(7, {10: 1}, {11: 2}))

    diff = window.take()

    assert diff is not None
    assert (diff.first_update_id, diff.last_update_id) == (8, 8)
