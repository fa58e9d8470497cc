"""When recorded moments are played."""

from math import inf

from tradeflow.replay.pace import Pace


def test_recorded_distances_are_kept_or_shortened() -> None:
    pace = Pace(4.0)

    assert pace.due(10_000, now=100.0) == 100.0
    assert pace.due(12_000, now=100.1) == 100.5


def test_flat_out_everything_is_due_now() -> None:
    assert Pace(inf).due(10_000, now=100.0) == 100.0
    assert Pace(inf).due(99_000, now=100.0) == 100.0
