"""What is used of the limits, as the WebSocket API says it: the headers of REST as objects."""

from collections.abc import Iterable
from typing import Any

from web.binance.reply import TimeMs
from web.clock import now_ms
from web.limits.rules import Rules


def rate_limits(rules: Rules, headers: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The limits that the headers of an answer speak of."""
    told = {rule.header: rule for rule in rules.in_headers}
    return [told[name].as_json(int(value)) for name, value in headers if name in told]


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
