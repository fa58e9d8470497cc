"""Which sagas are stuck."""

import pytest

from streams.domain.saga import Saga
from tradeflow.saga_list import STUCK_MS, is_stuck


@pytest.mark.parametrize(
    ("state", "age_ms", "expected"),
    [
        ("STARTED", STUCK_MS + 1, True),
        ("STARTED", STUCK_MS, False),
        ("MATCHING_SUBMITTED", STUCK_MS + 1, True),
        ("COMPLETED", STUCK_MS + 1, False),
        ("FAILED", STUCK_MS + 1, False),
    ],
)
def test_who_is_on_the_way_for_too_long_is_stuck(state: str, age_ms: int, expected: bool) -> None:
    saga = Saga("s", "ann", "BTCUSDT", "c", 1_000, b"")
    saga.state = state  # type: ignore[assignment]

    assert is_stuck(saga.to_row(), 1_000 + age_ms) is expected
