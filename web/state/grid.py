"""An instrument's prices and quantities as texts."""

from collections.abc import Callable
from functools import lru_cache

from schemas.amounts import format_units, step_units
from schemas.instruments import Instrument

_TEXTS = 8_192
"""Those around the present price are asked for again and again."""


class Grid:
    """Decimal strings, with all 8 decimals, of ticks and lots."""

    __slots__ = ("price", "quantity", "tick_units")

    def __init__(self, instrument: Instrument) -> None:
        self.tick_units = step_units(instrument.tick_size)
        """Minor units of the quote asset in a tick."""
        self.price = _texts(self.tick_units)
        self.quantity = _texts(instrument.base_units_per_lot)


def _texts(step: int) -> Callable[[int], str]:
    @lru_cache(_TEXTS)
    def text(steps: int) -> str:
        return format_units(steps * step)

    return text
