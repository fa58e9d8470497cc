"""Ticks and lots as decimal text, by symbol."""

import json
from collections.abc import Mapping
from functools import lru_cache

from connectors.sink import StoreDownError
from schemas.amounts import format_units, step_units
from schemas.instruments import Instrument

# Prices come again and again, and so do most quantities: a look is a tenth of a conversion.
decimal_text = lru_cache(maxsize=65_536)(format_units)
"""Minor units as decimal text, with all 8 decimals."""


class Scale:
    """One symbol's grid."""

    __slots__ = ("tick_units", "lot_units", "symbol_json")

    def __init__(self, instrument: Instrument) -> None:
        self.symbol_json = json.dumps(instrument.symbol)
        self.tick_units = step_units(instrument.tick_size)
        self.lot_units = step_units(instrument.lot_size)

    def price(self, ticks: int) -> str:
        """Ticks as decimal text."""
        return decimal_text(ticks * self.tick_units)

    def quantity(self, lots: int) -> str:
        """Lots as decimal text."""
        return decimal_text(lots * self.lot_units)

    @staticmethod
    def money(units: int) -> str:
        """Minor units of the quote asset as decimal text."""
        # Sums hardly come again: not worth a place among what does.
        return format_units(units)


class Scales:
    """All symbols' grids."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._by_symbol = {symbol: Scale(rules) for symbol, rules in instruments.items()}

    def of(self, symbol: str) -> Scale:
        """A symbol's grid.

        Raises:
            StoreDownError: no instrument has this name.
        """
        try:
            return self._by_symbol[symbol]
        except KeyError:
            raise StoreDownError(
                f"{symbol} is on the topics and not among the instruments: start the connector"
                " with the file of instruments that the exchange has"
            ) from None
