"""One limit: so much of something in a window of the calendar."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from limits import RateLimitItem, parse_many

_NAMED = {1: ("SECOND", "S"), 60: ("MINUTE", "M"), 3_600: ("HOUR", "H"), 86_400: ("DAY", "D")}
"""Binance's names of intervals, and their letters in headers, by seconds."""
_HEADERS = {"REQUEST_WEIGHT": "X-MBX-USED-WEIGHT", "ORDERS": "X-MBX-ORDER-COUNT"}


class Window(NamedTuple):
    """A stretch of time in which a limit counts."""

    number: int
    """Since the epoch; part of what is counted is called."""
    end_ms: int


class Rule:
    """A limit; its windows begin at whole multiples of its length since the epoch, as Binance's."""

    __slots__ = ("interval", "interval_number", "item", "kind", "letter", "most", "window_ms")

    def __init__(self, kind: str, item: RateLimitItem) -> None:
        self.kind = kind
        """REQUEST_WEIGHT, RAW_REQUESTS or ORDERS."""
        self.item = item
        self.most: int = item.amount
        self.window_ms = item.get_expiry() * 1_000
        self.interval, self.letter = _NAMED[item.GRANULARITY.seconds]
        self.interval_number: int = item.multiples

    def window(self, at_ms: int) -> Window:
        """The window that this moment is in."""
        number = at_ms // self.window_ms
        return Window(number, (number + 1) * self.window_ms)

    @property
    def span(self) -> str:
        """As headers have it: 1M, 10S."""
        return f"{self.interval_number}{self.letter}"

    @property
    def header(self) -> str:
        """Of an answer, for what is used of it; of a weight or of orders."""
        return f"{_HEADERS[self.kind]}-{self.span}"

    @property
    def in_words(self) -> str:
        """As errors have it: MINUTE, 10 SECOND."""
        several = f"{self.interval_number} " if self.interval_number > 1 else ""
        return f"{several}{self.interval}"

    def as_json(self, count: int | None = None) -> dict[str, Any]:
        """As in exchangeInfo; with a count, as in the answers of the WebSocket API."""
        shown: dict[str, Any] = {
            "rateLimitType": self.kind,
            "interval": self.interval,
            "intervalNum": self.interval_number,
            "limit": self.most,
        }
        return shown if count is None else {**shown, "count": count}


def read_rules(kind: str, text: str) -> Sequence[Rule]:
    """Rules as settings have them: «6000/minute», «100/10 seconds; 200000/day».

    Raises:
        ValueError: it says what a rule looks like.
    """
    try:
        items = parse_many(text)
    except ValueError:
        items = []
    usable = [
        item
        for item in items
        if item.amount > 0 and item.multiples > 0 and item.GRANULARITY.seconds in _NAMED
    ]
    if not items or len(usable) < len(items):
        raise ValueError(
            "a limit is «6000/minute», several are «100/10 seconds; 200000/day»;"
            " of seconds, minutes, hours or days"
        )
    return [Rule(kind, item) for item in usable]


def read_rule(kind: str, text: str) -> Rule:
    """A single rule; raises as ``read_rules``, for several too."""
    rules = read_rules(kind, text)
    if len(rules) > 1:
        raise ValueError("here only one limit can be: «6000/minute»")
    return rules[0]
