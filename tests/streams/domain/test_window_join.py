"""Windowed joins: Kafka Streams' own table of results, and each rule of JOINS.md at its edge."""

from typing import Any

import pytest

from streams.domain.window_join import CLOCK_KEY, Joined, JoinKind, WindowJoin

HOUR = 3_600_000
DAY = 24 * HOUR

# «Kafka Streams Join Semantics»: time, input, value; the last two records have no key.
STEPS: list[tuple[int, str, str | None]] = [
    (1, "left", None),
    (2, "right", None),
    (3, "left", "A"),
    (4, "right", "a"),
    (5, "left", "B"),
    (6, "right", "b"),
    (7, "left", None),
    (8, "right", None),
    (9, "left", "C"),
    (10, "right", "c"),
    (11, "right", None),
    (12, "left", None),
    (13, "right", None),
    (14, "right", "d"),
    (15, "left", "D"),
    (16, "left", "E"),
    (17, "right", "e"),
]
PAIRS = {
    4: ["A-a"],
    5: ["B-a"],
    6: ["A-b", "B-b"],
    9: ["C-a", "C-b"],
    10: ["A-c", "B-c", "C-c"],
    14: ["A-d", "B-d", "C-d"],
    15: ["D-a", "D-b", "D-c", "D-d"],
}
KEYLESS = {"inner": {}, "left": {16: ["E-"]}, "right": {17: ["-e"]}}
KEYLESS["outer"] = {**KEYLESS["left"], **KEYLESS["right"]}


def join(kind: JoinKind = "outer", *, before: int = 0, after: int = 0, grace: int = 0) -> Any:
    """A join with nothing in it."""
    return WindowJoin(kind, before_ms=before, after_ms=after, grace_ms=grace)


def texts(results: list[Joined]) -> list[str]:
    """Results as the tables show them."""
    return [f"{result.left or ''}-{result.right or ''}" for result in results]


@pytest.mark.parametrize("kind", ["inner", "left", "right", "outer"])
def test_kafka_streams_table(kind: JoinKind) -> None:
    joined = join(kind, before=10_000, after=10_000, grace=DAY)
    for time, side, value in STEPS:
        key = "key" if time < 16 else None

        results = getattr(joined, side)(key, time, value)

        assert texts(results) == {**PAIRS, **KEYLESS[kind]}.get(time, [])
        assert {result.time_ms for result in results} <= {time}
    # All have had partners.
    assert joined.advance_left(2 * DAY) + joined.advance_right(2 * DAY) == []
    assert joined.late == 0
    assert joined.skipped == 7 + 2 - len(KEYLESS[kind])


@pytest.mark.parametrize(
    ("kind", "left_gives", "right_gives"),
    [
        ("inner", [], []),
        ("left", ["A-"], []),
        ("right", [], ["-a"]),
        ("outer", ["A-"], ["-a"]),
    ],
)
def test_without_a_partner(kind: JoinKind, left_gives: list[str], right_gives: list[str]) -> None:
    joined = join(kind, before=20, after=30, grace=5)
    joined.left("one", 100, "A")
    joined.right("two", 100, "a")

    # Each by the other's clock, once no partner can come: window and grace are 20 + 30 + 5.
    assert joined.advance_right(155) == joined.advance_left(155) == []
    assert texts(joined.advance_right(156)) == left_gives
    assert texts(joined.advance_left(156)) == right_gives
    assert set(joined.rows()) == {CLOCK_KEY}
    assert joined.advance_right(10_000) + joined.advance_left(10_000) == []


def test_the_window_includes_its_ends_and_is_directed() -> None:
    joined = join("inner", before=2, after=3, grace=100)
    for time in range(90, 111):
        joined.right("key", time, str(time))

    assert texts(joined.left("key", 100, "A")) == [
        "A-98",
        "A-99",
        "A-100",
        "A-101",
        "A-102",
        "A-103",
    ]
    assert [result.time_ms for result in joined.left("key", 100, "B")] == [
        100, 100, 100, 101, 102, 103,
    ]  # fmt: skip


def test_keys_do_not_meet() -> None:
    joined = join("inner", before=5, after=5)
    joined.left("one", 1, "A")

    assert joined.right("two", 1, "a") == []


def test_twins_join_each_on_its_own() -> None:
    joined = join("inner", before=5, after=5)
    joined.left("key", 1, "A")
    joined.left("key", 1, "A")

    assert texts(joined.right("key", 1, "a")) == ["A-a", "A-a"]
    assert texts(joined.right("key", 1, "a")) == ["A-a", "A-a"]


@pytest.mark.parametrize("behind", [35, 36])
def test_late_is_what_comes_after_its_window_and_grace(behind: int) -> None:
    joined = join("left", before=20, after=30, grace=5)
    joined.right("key", 100, "a")
    joined.advance_left(100 + behind)

    results = joined.left("key", 100, "A")

    is_late = behind == 36
    assert texts(results) == (["A-"] if is_late else ["A-a"])
    assert joined.late == is_late
    if is_late:
        assert joined.take_changes()[CLOCK_KEY].late == 1
        assert joined.right("key", 101, "b") == []


def test_a_late_record_of_an_inner_join_is_dropped_and_counted() -> None:
    joined = join("inner", before=20, after=30, grace=5)
    joined.left("key", 100, "A")
    joined.right("other", 126, "b")

    assert joined.right("key", 100, "a") == []
    assert joined.late == 1


def test_an_input_far_ahead_waits_for_the_other() -> None:
    joined = join("left", after=30)
    for time in range(0, 10_000, 100):
        joined.left(str(time), time, "A")

    # Its own clock closes nothing, and nothing on the other input is late.
    assert len(joined.rows()) == 100 + 1
    assert [texts(joined.right(str(time), time + 30, "a"))[-1] for time in (0, 5_000, 9_900)] == [
        "A-a"
    ] * 3
    assert joined.late == 0


def test_a_record_that_comes_closed_already_is_joined_and_not_kept() -> None:
    joined = join("outer", before=5, after=5, grace=2)
    joined.right("key", 10, "a")
    joined.advance_right(1_000)

    assert texts(joined.left("key", 8, "A")) == ["A-a"]
    assert texts(joined.left("key", 30, "B")) == ["B-"]
    assert joined.late == 0
    assert set(joined.rows()) == {CLOCK_KEY}


def test_closed_records_come_in_the_order_of_their_times() -> None:
    joined = join("left", after=10, grace=50)
    for key, time in [("c", 30), ("a", 10), ("d", 30), ("b", 20)]:
        joined.left(key, time, key)

    results = joined.right("d", 1_000, "x")

    assert texts(results) == ["a-", "b-", "c-", "d-"]


def test_a_window_to_one_side() -> None:
    """Five to ten after."""
    joined = join("left", before=-5, after=10)
    joined.left("key", 100, "A")

    assert texts(joined.right("key", 104, "a")) == []
    assert texts(joined.right("key", 105, "b")) == ["A-b"]
    assert texts(joined.right("key", 110, "c")) == ["A-c"]
    assert joined.advance_right(111) == []
    assert [key for key in joined.rows() if key[0] == "L"] == []


def test_rows_that_came_and_went_unseen_are_not_written() -> None:
    joined = join("inner")
    joined.left("key", 1, "A")
    joined.advance_right(100)
    joined.left("key", 200, "B")
    joined.right("key", 200, "b")

    changes = joined.take_changes()
    assert set(changes) == {CLOCK_KEY, "L2 key", "R3 key"}
    assert joined.take_changes() == {}
    joined.advance_right(300)
    assert set(joined.take_changes()) == {CLOCK_KEY, "L2 key"}


@pytest.mark.parametrize(
    ("kind", "before", "after", "grace"),
    [("full", 1, 1, 1), ("inner", 1, -2, 1), ("inner", -3, 2, 1), ("inner", 1, 1, -1)],
)
def test_refuses_what_is_no_join(kind: Any, before: int, after: int, grace: int) -> None:
    with pytest.raises(ValueError, match="join|ends before|negative"):
        join(kind, before=before, after=after, grace=grace)
