"""A book with gaps in what it hears, the slow way: every change with its id, for good."""

from typing import Any

Level = tuple[str, int]
"""Side and price in ticks."""


class BookTwin:
    """Knows all changes, and from which on none is missing."""

    def __init__(self) -> None:
        self.update_id = 0
        self.needs = 0
        self.levels: dict[Level, int] = {}
        self._changed: dict[Level, int] = {}
        """The id of the last update that named a level."""

    def update(self, record: dict[str, Any]) -> None:
        """Take an update in, unless it is stale."""
        if record["last_update_id"] <= self.update_id:
            return
        if record["first_update_id"] > self.update_id + 1:
            self.needs = record["first_update_id"] - 1
        self.update_id = record["last_update_id"]
        for side in ("bids", "asks"):
            for level in record[side]:
                place = (side, level["price_ticks"])
                self._changed[place] = self.update_id
                self._set(place, level["quantity_lots"])

    def snapshot(self, record: dict[str, Any]) -> None:
        """Begin with it, or mend what is not whole."""
        reached = record["last_update_id"]
        if self.update_id and (not self.needs or reached < self.needs):
            return
        told = {
            (side, level["price_ticks"]): level["quantity_lots"]
            for side in ("bids", "asks")
            for level in record[side]
        }
        for place in {*told, *self.levels}:
            if self._changed.get(place, 0) <= reached:
                self._set(place, told.get(place, 0))
        self.needs = 0
        self.update_id = max(self.update_id, reached)

    def _set(self, place: Level, lots: int) -> None:
        self.levels.pop(place, None)
        if lots:
            self.levels[place] = lots

    def side(self, side: str) -> list[tuple[int, int]]:
        """Ticks and lots, best first."""
        levels = [(ticks, lots) for (which, ticks), lots in self.levels.items() if which == side]
        return sorted(levels, reverse=side == "bids")
