"""Every market that a test makes is checked when the test ends."""

from collections.abc import Iterator

import pytest

from streams.domain.invariants import check_order_book
from tests.streams.domain.builders import MARKETS


@pytest.fixture(autouse=True)
def _sound_books() -> Iterator[None]:
    MARKETS.clear()
    yield
    assert [violation for market in MARKETS for violation in check_order_book(market.state)] == []
