"""The recorded book, kept as Binance says how to keep a local order book.

Diffs that the snapshot covers are dropped; the first one after it must reach back to it, and each
later one must follow on the one before.
"""

from collections.abc import Iterable
from typing import Literal

from schemas.amounts import AmountError, step_units
from schemas.amounts import parse_units as units_of
from schemas.instruments import Instrument
from tradeflow.replay.recording import DepthDiff, DepthSnapshot, Levels, RecordingError

BookSide = Literal["BUY", "SELL"]
"""Bids are buys, asks are sells."""

Place = tuple[BookSide, int]
"""A level: its side and price in ticks."""


class Grid:
    """Recorded decimal strings onto the instrument's ticks and lots.

    A quantity between two lots becomes the lower one, and a level whose price is between two ticks
    cannot exist here; both are counted.
    """

    def __init__(self, instrument: Instrument) -> None:
        self._tick_units = step_units(instrument.tick_size)
        self._lot_units = step_units(instrument.lot_size)
        self.rounded_quantities = 0
        self.off_grid_prices = 0

    def price_ticks(self, text: str) -> int | None:
        """The price in ticks; None if it is between two ticks."""
        ticks, rest = divmod(_units(text), self._tick_units)
        if rest:
            self.off_grid_prices += 1
            return None
        return ticks

    def quantity_lots(self, text: str) -> int:
        """The quantity in whole lots, rounded down."""
        lots, rest = divmod(_units(text), self._lot_units)
        if rest:
            self.rounded_quantities += 1
        return lots


class RecordedBook:
    """Levels in ticks and lots, as the recording has them."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._levels: dict[BookSide, dict[int, int]] = {"BUY": {}, "SELL": {}}
        self._early: list[DepthDiff] = []
        self._last_update_id: int | None = None
        self._is_first_diff = False
        self.snapshot_levels = 0
        """Levels of the snapshot's deeper side: as far down the book is complete."""

    @property
    def is_complete(self) -> bool:
        """Whether a snapshot came: before it nothing is known."""
        return self._last_update_id is not None

    def apply(self, event: DepthSnapshot | DepthDiff) -> set[Place]:
        """Take an event in and return the levels that it names; raises RecordingError."""
        if isinstance(event, DepthDiff):
            return self._apply_diff(event)
        if self.is_complete:
            return set()
        return self._apply_snapshot(event)

    def quantity(self, place: Place) -> int:
        """The lots on a level, 0 where there is none."""
        side, price_ticks = place
        return self._levels[side].get(price_ticks, 0)

    def levels(self, side: BookSide) -> list[tuple[int, int]]:
        """(price ticks, lots), best first."""
        return sorted(self._levels[side].items(), reverse=side == "BUY")

    def best_prices(self) -> tuple[int, int]:
        """Best bid and best ask in ticks; 0 for a side that is empty."""
        return (
            max(self._levels["BUY"], default=0),
            min(self._levels["SELL"], default=0),
        )

    def _apply_snapshot(self, snapshot: DepthSnapshot) -> set[Place]:
        self._last_update_id = snapshot.last_update_id
        self._is_first_diff = True
        self.snapshot_levels = max(len(snapshot.bids), len(snapshot.asks))
        places = self._set(snapshot.bids, snapshot.asks)
        early, self._early = self._early, []
        for diff in early:
            places |= self._apply_diff(diff)
        return places

    def _apply_diff(self, diff: DepthDiff) -> set[Place]:
        last = self._last_update_id
        if last is None:
            self._early.append(diff)
            return set()
        if self._is_first_diff and diff.last_update_id <= last:
            return set()
        follows = diff.first_update_id == last + 1
        if self._is_first_diff:
            follows = diff.first_update_id <= last + 1
        if not follows:
            raise RecordingError(
                f"The recorded book has a gap: update {last + 1} is missing, the next message"
                f" begins with {diff.first_update_id}."
            )
        self._is_first_diff = False
        self._last_update_id = diff.last_update_id
        return self._set(diff.bids, diff.asks)

    def _set(self, bids: Levels, asks: Levels) -> set[Place]:
        return {*self._set_side("BUY", bids), *self._set_side("SELL", asks)}

    def _set_side(self, side: BookSide, changes: Levels) -> Iterable[Place]:
        levels = self._levels[side]
        for price, quantity in changes:
            ticks = self._grid.price_ticks(price)
            if ticks is None:
                continue
            lots = self._grid.quantity_lots(quantity)
            if lots:
                levels[ticks] = lots
            else:
                levels.pop(ticks, None)
            yield side, ticks


def _units(text: str) -> int:
    try:
        return units_of(text)
    except AmountError as error:
        raise RecordingError(f"The recording has {text!r} for an amount: {error}.") from error
