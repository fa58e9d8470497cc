"""Ticks, lots and money as the decimal texts that Redis has."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from schemas.instruments import Instrument
from tradeflow.errors import TradeflowError

_DIGITS = 8
_THOUSANDTH = Decimal("0.001")


class Texts:
    """By the instruments' grids."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments

    def price(self, symbol: str, ticks: int) -> str:
        """Raises TradeflowError where the symbol is no instrument."""
        return f"{ticks * Decimal(self._rules(symbol).tick_size):.{_DIGITS}f}"

    def quantity(self, symbol: str, lots: int) -> str:
        """Likewise."""
        return f"{lots * Decimal(self._rules(symbol).lot_size):.{_DIGITS}f}"

    def _rules(self, symbol: str) -> Instrument:
        if symbol not in self._instruments:
            raise TradeflowError(
                f"The log has {symbol}, which the file of instruments does not have.",
                remedy="Set TRADEFLOW_INSTRUMENTS to the one that the exchange uses.",
            )
        return self._instruments[symbol]


def money(units: int) -> str:
    """Minor units."""
    return f"{Decimal(units).scaleb(-_DIGITS):.{_DIGITS}f}"


def percent(change: int, of: int) -> str:
    """So many per cent of a price, three decimals, halves away from zero; 0 of 0 is 0."""
    share = Decimal(change) * 100 / of if of else Decimal(0)
    # Adding 0 takes the sign from a zero.
    return f"{share.quantize(_THOUSANDTH, ROUND_HALF_UP) + 0:f}"
