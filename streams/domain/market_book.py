"""A symbol's book as its depth updates tell it: best prices, and now and then a snapshot."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any, Final

from schemas.market_records import BookTicker, DepthSnapshot, MarketBookRow, MarketLevelRow
from schemas.records import PriceLevel

SNAPSHOT_MS: Final = 10_000
"""How often a book that changes is told as a whole, by its own time."""

LEVELS_MAX: Final = 5_000
"""Of a side, in a snapshot."""


class LevelSide:
    """One side of a book: visible lots by price; prices in order, ascending."""

    __slots__ = ("is_bid", "lots", "_prices")

    def __init__(self, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.lots: dict[int, int] = {}
        self._prices: list[int] = []

    def set(self, price_ticks: int, lots: int) -> None:
        """Let a level show ``lots``; 0: it is gone."""
        known = price_ticks in self.lots
        if lots:
            self.lots[price_ticks] = lots
            if not known:
                self._prices.insert(bisect_left(self._prices, price_ticks), price_ticks)
        elif known:
            del self.lots[price_ticks]
            self._prices.pop(bisect_left(self._prices, price_ticks))

    def best(self) -> tuple[int, int]:
        """Price and lots of the best level; zeros where there is none."""
        if not self._prices:
            return 0, 0
        price = self._prices[-1 if self.is_bid else 0]
        return price, self.lots[price]

    def levels(self) -> list[PriceLevel]:
        """The best levels, best first."""
        prices = self._prices[: -LEVELS_MAX - 1 : -1] if self.is_bid else self._prices[:LEVELS_MAX]
        return [{"price_ticks": price, "quantity_lots": self.lots[price]} for price in prices]


class MarketBook:
    """The book of one symbol."""

    __slots__ = (
        "symbol",
        "last_update_id",
        "lost_updates",
        "bids",
        "asks",
        "_time_ms",
        "_snapshot_ms",
        "_told",
        "_changed",
    )

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.last_update_id = 0
        self.lost_updates = 0
        self.bids = LevelSide(True)
        self.asks = LevelSide(False)
        self._time_ms = 0
        self._snapshot_ms = 0
        self._told = (0, 0, 0, 0)
        self._changed: dict[tuple[bool, int], None] = {}

    def load(self, row: MarketBookRow, levels: Iterable[MarketLevelRow]) -> None:
        """Go on from rows."""
        self.last_update_id = row["last_update_id"]
        self.lost_updates = row["lost_updates"]
        self._snapshot_ms = row["snapshot_ms"]
        for level in levels:
            side = self.bids if level["is_bid"] else self.asks
            side.set(level["price_ticks"], level["quantity_lots"])
        self._told = self._best()

    def apply(self, update: Mapping[str, Any]) -> bool:
        """Change levels; False for an update that is known already.

        One that does not follow the last one is applied and counted: levels that it does not name
        may be wrong until they change.
        """
        if update["last_update_id"] <= self.last_update_id:
            return False
        if update["first_update_id"] != self.last_update_id + 1:
            self.lost_updates += 1
        self.last_update_id = update["last_update_id"]
        self._time_ms = max(self._time_ms, update["time_ms"])
        for side, levels in ((self.bids, update["bids"]), (self.asks, update["asks"])):
            for level in levels:
                price: int = level["price_ticks"]
                side.set(price, level["quantity_lots"])
                self._changed[side.is_bid, price] = None
        return True

    def is_snapshot_due(self) -> bool:
        """Whether the last snapshot is so old that the next one is to be told."""
        return self._time_ms - self._time_ms % SNAPSHOT_MS > self._snapshot_ms

    def snapshot(self, offset: int) -> DepthSnapshot:
        """The book as it stands behind the update at ``offset``."""
        self._snapshot_ms = self._time_ms - self._time_ms % SNAPSHOT_MS
        return {
            "symbol": self.symbol,
            "last_update_id": self.last_update_id,
            "offset": offset,
            "bids": self.bids.levels(),
            "asks": self.asks.levels(),
            "time_ms": self._time_ms,
        }

    def take_ticker(self) -> BookTicker | None:
        """The best bid and ask, if they are others than when this was asked last."""
        best = self._best()
        if best == self._told:
            return None
        self._told = best
        return {
            "symbol": self.symbol,
            "update_id": self.last_update_id,
            "bid_ticks": best[0],
            "bid_lots": best[1],
            "ask_ticks": best[2],
            "ask_lots": best[3],
            "time_ms": self._time_ms,
        }

    def take_changes(self) -> dict[str, MarketBookRow | MarketLevelRow | None]:
        """The rows that changed since the last call; None where a level is gone."""
        rows: dict[str, MarketBookRow | MarketLevelRow | None] = {}
        for is_bid, price in self._changed:
            lots = (self.bids if is_bid else self.asks).lots.get(price, 0)
            key = f"{self.symbol} {'bid' if is_bid else 'ask'} {price}"
            rows[key] = self._level(is_bid, price, lots) if lots else None
        if self._changed:
            rows[f"{self.symbol} book"] = self._row()
            self._changed = {}
        return rows

    def _best(self) -> tuple[int, int, int, int]:
        bid_ticks, bid_lots = self.bids.best()
        ask_ticks, ask_lots = self.asks.best()
        return bid_ticks, bid_lots, ask_ticks, ask_lots

    def _row(self) -> MarketBookRow:
        return {
            "symbol": self.symbol,
            "last_update_id": self.last_update_id,
            "snapshot_ms": self._snapshot_ms,
            "lost_updates": self.lost_updates,
        }

    def _level(self, is_bid: bool, price_ticks: int, lots: int) -> MarketLevelRow:
        return {
            "symbol": self.symbol,
            "is_bid": is_bid,
            "price_ticks": price_ticks,
            "quantity_lots": lots,
        }
