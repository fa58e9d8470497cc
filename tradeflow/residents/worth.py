"""What an asset is worth to those who live here: a random walk that comes back; pure."""

from math import exp
from random import Random

_STEP = 5e-5
"""One step, as a part of the price; a symbol takes about one a second, so 0.3 % an hour."""
_PULL = 5e-6
"""What part of the way back it goes in a step: its reach is some per cent around the reference."""
_REACH = 0.08


class Worth:
    """A value in ticks that wanders around its reference."""

    def __init__(self, reference_ticks: int, random: Random, start_ticks: int) -> None:
        self._reference = reference_ticks
        self._random = random
        self._away = min(max(start_ticks / reference_ticks - 1, -_REACH), _REACH)

    @property
    def ticks(self) -> float:
        """The value now."""
        return self._reference * (1 + self._away)

    def move(self) -> float:
        """Take one step and return the new value."""
        away = self._away * (1 - _PULL) + self._random.gauss(0, _STEP)
        # Behind the end of its reach it comes back like light from a mirror.
        if abs(away) > _REACH:
            away = (2 * _REACH - abs(away)) * (1 if away > 0 else -1)
        self._away = away
        return self.ticks


def lean(value_ticks: float, price_ticks: float, scale_ticks: float) -> float:
    """How likely somebody buys who knows the value: a half where it is the price."""
    off = (value_ticks - price_ticks) / scale_ticks
    return 1 / (1 + exp(-min(max(off, -3.0), 3.0)))
