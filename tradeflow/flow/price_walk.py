"""The price that orders gather around: a random walk that keeps near its reference."""

from random import Random

from schemas.amounts import AmountError, parse_steps
from schemas.instruments import Instrument

# Where the walk of a well-known symbol starts; only its order of magnitude matters.
_REFERENCES = {"BTCUSDT": "60000", "ETHUSDT": "2500", "LTCUSDT": "65", "BNBBTC": "0.0085"}
_REFERENCE_TICKS = 100_000
_REACH_PERCENT = 5


def reference_ticks(instrument: Instrument) -> int:
    """A price to start from, on the instrument's grid and between its price filters."""
    try:
        ticks = parse_steps(_REFERENCES[instrument.symbol], instrument.tick_size)
    except (KeyError, AmountError):
        ticks = _REFERENCE_TICKS
    lowest = max(instrument.min_price_ticks, 1)
    highest = instrument.max_price_ticks or ticks
    # The walk's whole reach fits between the filters.
    ticks = min(max(ticks, lowest * 2), max(highest // 2, lowest))
    return on_grid(ticks, instrument)


def on_grid(ticks: int, instrument: Instrument) -> int:
    """The price at or below ``ticks`` that the instrument's filters let through."""
    step = max(instrument.price_step_ticks, 1)
    lowest = max(instrument.min_price_ticks, step)
    highest = instrument.max_price_ticks or ticks
    return max(min(ticks, highest) // step * step, lowest)


class PriceWalk:
    """A mid price in ticks that never leaves ±5 % of its reference."""

    def __init__(self, instrument: Instrument, random: Random, start: int | None = None) -> None:
        self.reference = reference_ticks(instrument)
        reach = self.reference * _REACH_PERCENT // 100
        self.lowest = self.reference - reach
        self.highest = self.reference + reach
        self._step = max(1, self.reference // 50_000)
        self._random = random
        self.mid = min(max(start or self.reference, self.lowest), self.highest)

    @property
    def half_spread(self) -> int:
        """How far the best makers stand from the mid price: a basis point, at least a tick."""
        return max(1, self.reference // 10_000)

    def move(self) -> int:
        """Take one step and return the new mid price."""
        mid = self.mid + self._random.randint(-self._step, self._step)
        self.mid = min(max(mid, self.lowest), self.highest)
        return self.mid
