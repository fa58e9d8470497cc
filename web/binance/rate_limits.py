"""What is used of the limits, as the WebSocket API says it: the headers of REST as objects."""

import re
from collections.abc import Iterable
from typing import Any

from web.binance.reply import TimeMs
from web.clock import now_ms

_USED = re.compile(r"x-mbx-(used-weight|order-count)-([0-9]+)([smhd])", re.IGNORECASE)
_TYPES = {"used-weight": "REQUEST_WEIGHT", "order-count": "ORDERS"}
_INTERVALS = {"s": "SECOND", "m": "MINUTE", "h": "HOUR", "d": "DAY"}
LIMITS = {
    ("REQUEST_WEIGHT", "MINUTE", 1): 6_000,
    ("ORDERS", "SECOND", 10): 100,
    ("ORDERS", "DAY", 1): 200_000,
}
"""By type, interval and their number: as ``exchangeInfo`` says them."""


def rate_limits(headers: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The limits that the headers of an answer speak of."""
    found = []
    for name, value in headers:
        used = _USED.fullmatch(name)
        if used is None:
            continue
        about = _TYPES[used[1].lower()], _INTERVALS[used[3].lower()], int(used[2])
        kind, interval, number = about
        entry: dict[str, Any] = {
            "rateLimitType": kind,
            "interval": interval,
            "intervalNum": number,
        }
        if about in LIMITS:
            entry["limit"] = LIMITS[about]
        found.append({**entry, "count": int(value)})
    return found


def retry_data(headers: Iterable[tuple[str, str]]) -> dict[str, Any] | None:
    """When to come back, by the header Retry-After: in milliseconds since the epoch."""
    for name, value in headers:
        if name.lower() == "retry-after":
            at_ms = now_ms()
            return {
                "serverTime": TimeMs(at_ms),
                "retryAfter": TimeMs(at_ms + int(value) * 1_000),
            }
    return None
