"""How far two books agree."""

from tradeflow.replay.agreement import BestPriceSamples, LevelDifference, compare

_BIDS = [(100, 5), (99, 4), (98, 3)]
_ASKS = [(101, 5), (102, 4), (103, 3)]


def test_equal_books_agree_wholly() -> None:
    agreement = compare((_BIDS, _ASKS), (_BIDS, _ASKS), depth=10)

    assert (agreement.share, agreement.levels, agreement.differences) == (1.0, 6, [])
    assert agreement.is_best_bid_equal and agreement.is_best_ask_equal
    assert compare(([], []), ([], []), depth=10).share == 1.0


def test_what_differs_is_listed_from_the_best() -> None:
    agreement = compare((_BIDS, _ASKS), ([(100, 4), (98, 3)], [(100, 1), *_ASKS]), depth=10)

    assert agreement.differences == [
        LevelDifference("BUY", 100, recorded_lots=5, reached_lots=4),
        LevelDifference("BUY", 99, recorded_lots=4, reached_lots=0),
        LevelDifference("SELL", 100, recorded_lots=0, reached_lots=1),
    ]
    assert agreement.quantity_difference_lots == 6
    assert agreement.levels == 7
    assert agreement.share == 1 - 3 / 7
    assert agreement.is_best_bid_equal
    assert not agreement.is_best_ask_equal


def test_only_levels_within_the_depth_count() -> None:
    reached = [(100, 5), (99, 4), (98, 77), (97, 1)], [(101, 5), (102, 4), (104, 9)]

    assert compare((_BIDS, _ASKS), reached, depth=2).differences == []
    assert compare((_BIDS, _ASKS), reached, depth=2).levels == 4


def test_samples_are_compared_with_the_book_before_the_next_command() -> None:
    samples = BestPriceSamples()
    samples.expect(3, (100, 101))
    samples.expect(3, (100, 102))
    samples.expect(7, (99, 101))

    samples.reached(3, (1, 2))
    assert samples.compared == 0, "the update of command 3 itself is not in the book yet"
    samples.reached(5, (100, 101))
    assert (samples.compared, samples.equal) == (2, 1)
    assert samples.next_number() == 7
    samples.reached(8, (99, 101))
    assert samples.share == 2 / 3
    assert samples.next_number() is None
