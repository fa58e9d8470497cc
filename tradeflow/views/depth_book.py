"""A symbol's book by price level, rebuilt from its depth updates."""

from heapq import nlargest, nsmallest

from schemas.records import DepthUpdate, PriceLevel

Level = tuple[int, int]
"""Price in ticks and visible quantity in lots."""


class DepthGapError(Exception):
    """Updates are missing: from here on the book would be wrong."""

    def __init__(self, symbol: str, *, expected: int, found: int) -> None:
        super().__init__(f"{symbol}: update {expected} was expected, {found} came.")
        self.expected = expected
        self.found = found


class DepthBook:
    """The visible levels of one symbol.

    It begins empty, before update 1.  With ``joins_late`` the first update may be any: then the
    book holds only what changed since.
    """

    def __init__(self, symbol: str, *, joins_late: bool = False) -> None:
        self.symbol = symbol
        self.last_update_id = 0
        self.time_ms = 0
        self._joins_late = joins_late
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def apply(self, update: DepthUpdate) -> bool:
        """Take the update's levels over; False if it was known already and nothing was done.

        Raises DepthGapError, and leaves the book as it was, if updates before it are missing.
        """
        if update["symbol"] != self.symbol or update["last_update_id"] <= self.last_update_id:
            return False
        expected = self.last_update_id + 1
        if update["first_update_id"] != expected and not self._joins_late:
            raise DepthGapError(self.symbol, expected=expected, found=update["first_update_id"])
        self._joins_late = False
        _take_over(self._bids, update["bids"])
        _take_over(self._asks, update["asks"])
        self.last_update_id = update["last_update_id"]
        self.time_ms = update["time_ms"]
        return True

    def bids(self, limit: int | None = None) -> list[Level]:
        """The bids, highest first; at most ``limit`` levels."""
        levels = self._bids.items()
        return sorted(levels, reverse=True) if limit is None else nlargest(limit, levels)

    def asks(self, limit: int | None = None) -> list[Level]:
        """The asks, lowest first; at most ``limit`` levels."""
        levels = self._asks.items()
        return sorted(levels) if limit is None else nsmallest(limit, levels)

    @property
    def is_empty(self) -> bool:
        return not self._bids and not self._asks


def _take_over(levels: dict[int, int], changes: list[PriceLevel]) -> None:
    for change in changes:
        if change["quantity_lots"]:
            levels[change["price_ticks"]] = change["quantity_lots"]
        else:
            levels.pop(change["price_ticks"], None)
