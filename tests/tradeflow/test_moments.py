"""Moments as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tradeflow.errors import TradeflowError
from tradeflow.moments import parse_moment

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("15m", NOW - timedelta(minutes=15)),
        ("-2h", NOW - timedelta(hours=2)),
        ("1 d", NOW - timedelta(days=1)),
        ("250ms", NOW - timedelta(milliseconds=250)),
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
        ("2026-02-28T10:30:00Z", datetime(2026, 2, 28, 10, 30, tzinfo=UTC)),
        (
            "2026-02-28 10:30+02:00",
            datetime(2026, 2, 28, 10, 30, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_a_moment(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2h ago", "2026-13-01", "999999999w", "٣h"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(TradeflowError, match="is no moment"):
        parse_moment(text, NOW)
