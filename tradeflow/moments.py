"""Moments as people write them: ISO 8601, or so long ago."""

import re
from datetime import UTC, datetime, timedelta

from tradeflow.errors import TradeflowError

_AGO = re.compile(r"-?(\d{1,9})\s*(ms|s|m|h|d|w)", re.ASCII)
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def parse_moment(text: str, now: datetime) -> datetime:
    """The moment: «2026-03-01», «2026-03-01T12:30:00Z», «now», or «15m»: 15 minutes before ``now``.

    Without a time zone it is UTC, without a time of day midnight.

    Raises:
        TradeflowError: it is none of these.
    """
    said = text.strip()
    if said == "now":
        return now
    ago = _AGO.fullmatch(said)
    try:
        if ago:
            return now - int(ago[1]) * _UNITS[ago[2]]
        moment = datetime.fromisoformat(said)
    except (ValueError, OverflowError) as error:
        raise TradeflowError(
            f"{text!r} is no moment.",
            remedy="Write 2026-03-01, 2026-03-01T12:30:00Z, now, or 15m, 2h, 1d for so long ago.",
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
