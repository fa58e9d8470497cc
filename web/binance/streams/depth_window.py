"""What changed in a book between two events of a depth stream."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Level = tuple[int, int]
"""Price in ticks, quantity in lots; 0: the level is gone."""


class DepthDiff(NamedTuple):
    """The levels that changed, as the last change left them; best ones first."""

    first_update_id: int
    last_update_id: int
    bids: list[Level]
    asks: list[Level]
    time_ms: int


class DepthWindow:
    """Adds depth updates up, until somebody takes what there is.

    What is taken has no gap that the updates had not: each diff begins with the id that follows the
    one before, unless updates are missing, and then a diff begins behind the gap.
    """

    __slots__ = ("_asks", "_bids", "_first_id", "_last_id", "_time_ms")

    def __init__(self, last_update_id: int = 0) -> None:
        """Go on behind the change of this id; 0: with whatever comes."""
        self._last_id = last_update_id
        self._first_id = 0
        self._time_ms = 0
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def add(self, update: Mapping[str, Any]) -> DepthDiff | None:
        """Add a DepthUpdate; what was there before, where the update does not follow it."""
        if update["last_update_id"] <= self._last_id:
            return None
        first_id = max(update["first_update_id"], self._last_id + 1 if self._last_id else 0)
        before = self.take() if first_id != self._last_id + 1 else None
        if not self._first_id:
            self._first_id = first_id
        _change(self._bids, update["bids"])
        _change(self._asks, update["asks"])
        self._last_id = update["last_update_id"]
        self._time_ms = update["time_ms"]
        return before

    def take(self) -> DepthDiff | None:
        """What has changed since this was asked last; None: nothing."""
        if not self._first_id:
            return None
        diff = DepthDiff(
            self._first_id,
            self._last_id,
            sorted(self._bids.items(), reverse=True),
            sorted(self._asks.items()),
            self._time_ms,
        )
        self._first_id = 0
        self._bids, self._asks = {}, {}
        return diff


def _change(levels: dict[int, int], changed: Iterable[Mapping[str, int]]) -> None:
    for level in changed:
        levels[level["price_ticks"]] = level["quantity_lots"]
