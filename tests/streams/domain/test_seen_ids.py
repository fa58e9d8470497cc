"""A set of numbers kept as ranges, against Python's own."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain import seen_ids
from streams.domain.seen_ids import SeenIds


@given(st.lists(st.integers(1, 40), max_size=80))
def test_as_a_set(numbers: list[int]) -> None:
    ids, known = SeenIds(), set()

    for number in numbers:
        assert ids.add(number) == (number not in known)
        known.add(number)
        assert all((n in ids) == (n in known) for n in range(45))

    rows = ids.rows()
    assert {n for row in rows for n in range(row["first"], row["last"] + 1)} == known
    # No two ranges touch: as few rows as can be.
    assert all(a["last"] + 1 < b["first"] for a, b in zip(rows, rows[1:], strict=False))
    again = SeenIds(rows)
    assert [n in again for n in range(45)] == [n in ids for n in range(45)]


def test_of_too_many_gaps_the_oldest_is_closed() -> None:
    ids = SeenIds()
    for number in range(1, 2 * seen_ids.RANGES_MAX + 2, 2):
        ids.add(number)

    assert len(ids.rows()) == seen_ids.RANGES_MAX
    assert ids.rows()[0] == {"first": 1, "last": 3}
