"""A local book against a plain dictionary."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from web.state.book import LocalBook

levels = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 5)), max_size=8, unique_by=lambda level: level[0]
)
books = st.tuples(levels, levels)
happenings = st.lists(st.tuples(st.booleans(), books), max_size=30)


def _listed(side: list[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"price_ticks": price, "quantity_lots": lots} for price, lots in side]


def _plain(side: dict[int, int], *, is_bid: bool) -> list[tuple[int, int]]:
    return sorted(((p, q) for p, q in side.items() if q), reverse=is_bid)


@given(happenings, st.integers(1, 10))
def test_equals_plain_dictionaries(happened: Any, count: int) -> None:
    book = LocalBook()
    bids: dict[int, int] = {}
    asks: dict[int, int] = {}

    for number, (is_snapshot, (bid_levels, ask_levels)) in enumerate(happened, start=1):
        record = {
            "last_update_id": number,
            "bids": _listed([each for each in bid_levels if each[1] or not is_snapshot]),
            "asks": _listed([each for each in ask_levels if each[1] or not is_snapshot]),
            "time_ms": 1_000 + number,
        }
        if is_snapshot:
            book.restore(record)
            bids, asks = {}, {}
        else:
            assert book.apply(record)
        bids |= dict(bid_levels)
        asks |= dict(ask_levels)

        for side, plain, is_bid in ((book.bids, bids, True), (book.asks, asks, False)):
            expected = _plain(plain, is_bid=is_bid)
            assert side.top(count) == expected[:count]
            assert side.best() == (expected[0] if expected else None)
            assert len(side) == len(expected)
        assert (book.last_update_id, book.time_ms) == (number, 1_000 + number)


def test_leaves_out_what_it_has_seen() -> None:
    book = LocalBook()
    old = {"last_update_id": 5, "bids": _listed([(10, 1)]), "asks": [], "time_ms": 1}
    new = {"last_update_id": 7, "bids": _listed([(11, 2)]), "asks": [], "time_ms": 2}
    book.restore(new)

    book.restore(old)
    assert not book.apply(old)
    assert not book.apply(new)

    assert book.bids.top(10) == [(11, 2)]
    assert book.last_update_id == 7
