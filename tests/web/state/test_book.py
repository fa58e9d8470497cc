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
            "first_update_id": number,
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
    old = {"first_update_id": 1, "last_update_id": 5, "time_ms": 1}
    old |= {"bids": _listed([(10, 1)]), "asks": []}
    new = {"first_update_id": 6, "last_update_id": 7, "time_ms": 2}
    new |= {"bids": _listed([(11, 2)]), "asks": []}
    book.restore(new)

    book.restore(old)
    assert not book.apply(old)
    assert not book.apply(new)

    assert book.bids.top(10) == [(11, 2)]
    assert book.last_update_id == 7


@given(st.data())
def test_snapshots_and_updates_may_come_in_any_order_among_each_other(data: st.DataObject) -> None:
    """As at the start: old snapshots, and updates that go on from the newest one."""
    updates, snapshots, last_id = [], [], 0
    bids: dict[int, int] = {}
    for number, (changed, steps) in enumerate(
        data.draw(st.lists(st.tuples(levels, st.integers(1, 3)), min_size=1, max_size=12))
    ):
        bids |= dict(changed)
        ids = {"first_update_id": last_id + 1, "last_update_id": last_id + steps}
        about = {**ids, "asks": [], "time_ms": number}
        updates.append({**about, "bids": _listed(changed)})
        snapshots.append({**about, "bids": _listed([each for each in bids.items() if each[1]])})
        last_id += steps
    newest = data.draw(st.integers(0, len(snapshots) - 1))
    told = snapshots[: newest + 1]
    # The same snapshots' place in the log of updates: reading begins there, or a little before.
    kept = updates[data.draw(st.integers(0, newest + 1)) :]
    book = LocalBook()

    while told or kept:
        if not kept or (told and data.draw(st.booleans())):
            book.restore(told.pop(0))
        else:
            book.apply(kept.pop(0))

    assert book.last_update_id == last_id
    assert book.bids.top(99) == _plain(bids, is_bid=True)
