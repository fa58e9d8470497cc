"""How far the book that was reached agrees with the recorded one; pure."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from tradeflow.replay.recorded_book import BookSide

Level = tuple[int, int]
"""Price in ticks and quantity in lots."""

Best = tuple[int, int]
"""Best bid and best ask in ticks; 0 for a side that is empty."""


@dataclass(frozen=True, slots=True)
class LevelDifference:
    """A level that is not as recorded; 0 lots: there is none."""

    side: BookSide
    price_ticks: int
    recorded_lots: int
    reached_lots: int


@dataclass(slots=True)
class Agreement:
    """The reached book against the recorded one, as far down as the recording is complete."""

    levels: int = 0
    """Prices that at least one of the two has a level at."""
    quantity_difference_lots: int = 0
    """The sum of the absolute differences."""
    is_best_bid_equal: bool = True
    is_best_ask_equal: bool = True
    differences: list[LevelDifference] = field(default_factory=list)
    """Bids first, each side from the best."""

    @property
    def share(self) -> float:
        """The share of levels that are equal, 0 to 1."""
        return 1 - len(self.differences) / self.levels if self.levels else 1.0


def compare(
    recorded: tuple[Sequence[Level], Sequence[Level]],
    reached: tuple[Sequence[Level], Sequence[Level]],
    *,
    depth: int,
) -> Agreement:
    """Compare bids and asks, given best first, down to the recorded level number ``depth``."""
    agreement = Agreement()
    sides: tuple[BookSide, BookSide] = ("BUY", "SELL")
    for side, recorded_side, reached_side in zip(sides, recorded, reached, strict=True):
        wanted = dict(recorded_side[:depth])
        found = dict(reached_side)
        if len(recorded_side) > depth:
            last = recorded_side[depth - 1][0]
            sign = 1 if side == "BUY" else -1
            found = {price: lots for price, lots in found.items() if price * sign >= last * sign}
        is_best_equal = max_or_none(wanted, side) == max_or_none(found, side)
        if side == "BUY":
            agreement.is_best_bid_equal = is_best_equal
        else:
            agreement.is_best_ask_equal = is_best_equal
        prices = sorted({*wanted, *found}, reverse=side == "BUY")
        agreement.levels += len(prices)
        for price in prices:
            difference = LevelDifference(side, price, wanted.get(price, 0), found.get(price, 0))
            if difference.recorded_lots != difference.reached_lots:
                agreement.differences.append(difference)
                agreement.quantity_difference_lots += abs(
                    difference.recorded_lots - difference.reached_lots
                )
    return agreement


def max_or_none(levels: dict[int, int], side: BookSide) -> int | None:
    """The best price of a side, None where it is empty."""
    best = max if side == "BUY" else min
    return best(levels, default=None)


class BestPriceSamples:
    """Best prices after each recorded book change, held against those that were reached.

    Both sides are numbered by commands: a sample taken after command n is compared with the book
    as it was before any update of a later command.
    """

    def __init__(self) -> None:
        self._expected: deque[tuple[int, Best]] = deque()
        self.compared = 0
        self.equal = 0

    @property
    def share(self) -> float:
        """The share of samples with both best prices equal, 0 to 1."""
        return self.equal / self.compared if self.compared else 1.0

    def expect(self, number: int, best: Best) -> None:
        """After command ``number`` the best prices should be these."""
        self._expected.append((number, best))

    def next_number(self) -> int | None:
        """The number of the command after which the next sample is due; None: no sample waits."""
        return self._expected[0][0] if self._expected else None

    def reached(self, number: int, best: Best) -> None:
        """Compare all samples due before command ``number`` with the book as it stands."""
        while self._expected and self._expected[0][0] < number:
            _, expected = self._expected.popleft()
            self.compared += 1
            self.equal += expected == best
