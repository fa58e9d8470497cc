"""The book as somebody outside sees it: by depth updates, as late as they come."""

from heapq import nlargest, nsmallest

from streams.domain.events import DepthEvent
from streams.domain.market_book import LevelSide

Level = tuple[int, int]
"""Price in ticks and visible lots."""


class LocalBook:
    """Bids and asks of one symbol, as far as was heard."""

    def __init__(self) -> None:
        self._bids = LevelSide(True)
        self._asks = LevelSide(False)

    def apply(self, update: DepthEvent) -> None:
        """Take a depth update in."""
        for side, levels in ((self._bids, update.bids), (self._asks, update.asks)):
            for price_ticks, lots in levels:
                side.set(price_ticks, lots)

    @property
    def best_bid(self) -> Level | None:
        """The best bid; None where there is none."""
        best = self._bids.best()
        return best if best[0] else None

    @property
    def best_ask(self) -> Level | None:
        """The best ask; None where there is none."""
        best = self._asks.best()
        return best if best[0] else None

    @property
    def double_mid_ticks(self) -> int | None:
        """Best bid and best ask together, which is twice the mid price; None if one is missing."""
        bid, ask = self._bids.best()[0], self._asks.best()[0]
        return bid + ask if bid and ask else None

    def depth(self, levels: int = 10) -> tuple[list[Level], list[Level]]:
        """The best bids and asks, best first."""
        return _first(self._bids, levels), _first(self._asks, levels)


def _first(side: LevelSide, levels: int) -> list[Level]:
    # As a snapshot has them would be all 5 000: too many for a look at ten.
    prices = (nlargest if side.is_bid else nsmallest)(levels, side.lots)
    return [(price, side.lots[price]) for price in prices]
