"""The recorded book by Binance's procedure."""

import pytest

from tests.simulation.instruments import an_instrument
from tradeflow.replay.recorded_book import Grid, RecordedBook
from tradeflow.replay.recording import DepthDiff, DepthSnapshot, Levels, RecordingError


def _book() -> RecordedBook:
    return RecordedBook(Grid(an_instrument("X", tick_size="0.01", lot_size="0.001")))


def _snapshot(update_id: int) -> DepthSnapshot:
    return DepthSnapshot(0, update_id, [("1.00", "1"), ("0.99", "2")], [("1.02", "3")])


def _diff(
    first: int, last: int, bids: Levels | None = None, asks: Levels | None = None
) -> DepthDiff:
    return DepthDiff(0, 0, "X", first, last, bids or [], asks or [])


def test_diffs_that_the_snapshot_covers_are_dropped_and_the_next_is_taken() -> None:
    book = _book()

    assert book.apply(_diff(1, 5, bids=[("1.00", "7")])) == set()
    assert not book.is_complete
    book.apply(_diff(6, 12, bids=[("1.01", "4")]))
    touched = book.apply(_snapshot(10))

    assert touched == {("BUY", 100), ("BUY", 99), ("SELL", 102), ("BUY", 101)}
    assert book.levels("BUY") == [(101, 4_000), (100, 1_000), (99, 2_000)]
    assert book.levels("SELL") == [(102, 3_000)]
    assert book.snapshot_levels == 2
    assert book.best_prices() == (101, 102)


def test_levels_change_and_go() -> None:
    book = _book()
    book.apply(_snapshot(10))

    touched = book.apply(_diff(11, 13, bids=[("1.00", "0.5")], asks=[("1.02", "0")]))

    assert touched == {("BUY", 100), ("SELL", 102)}
    assert book.quantity(("BUY", 100)) == 500
    assert book.quantity(("SELL", 102)) == 0
    assert book.best_prices() == (100, 0)


@pytest.mark.parametrize(
    "diffs",
    [
        pytest.param([_diff(12, 13)], id="after the snapshot"),
        pytest.param([_diff(9, 12), _diff(14, 15)], id="between two diffs"),
        pytest.param([_diff(9, 12), _diff(12, 15)], id="an overlap"),
    ],
)
def test_a_gap_is_an_error(diffs: list[DepthDiff]) -> None:
    book = _book()
    book.apply(_snapshot(10))

    with pytest.raises(RecordingError, match="gap"):
        for diff in diffs:
            book.apply(diff)


def test_a_second_snapshot_changes_nothing() -> None:
    book = _book()
    book.apply(_snapshot(10))
    book.apply(_diff(11, 11, bids=[("1.00", "9")]))

    assert book.apply(_snapshot(10)) == set()
    assert book.quantity(("BUY", 100)) == 9_000


def test_an_amount_that_is_none_is_one_line() -> None:
    with pytest.raises(RecordingError, match="has 'abc' for an amount"):
        _book().apply(DepthSnapshot(0, 1, [("abc", "1")], []))
