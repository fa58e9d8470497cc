"""Values of records as MySQL takes them: texts, which is what the driver sends anyway."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from schemas.amounts import PPM_SCALE, format_ppm, format_units, step_units
from schemas.instruments import Instrument

_UNITS_END = 10**20
"""DECIMAL(20,8) has room for amounts below it, in minor units."""
_PPM_END = 10 ** (12 + PPM_SCALE)


class UnstorableError(Exception):
    """A value that its column cannot hold; the text says which and why."""


def amount(units: int) -> str:
    """DECIMAL(20,8) of minor units.

    Raises:
        UnstorableError: it has more than twelve digits before the point.
    """
    if not units:
        return "0"
    if not -_UNITS_END < units < _UNITS_END:
        raise UnstorableError(f"{format_units(units)} does not fit DECIMAL(20,8)")
    return format_units(units)


def rate(ppm: int) -> str:
    """DECIMAL(20,8) of parts per million.

    Raises:
        UnstorableError: as with ``amount``.
    """
    if not ppm:
        return "0"
    if not -_PPM_END < ppm < _PPM_END:
        raise UnstorableError(f"{format_ppm(ppm)} does not fit DECIMAL(20,8)")
    return format_ppm(ppm)


def moment(time_ms: int) -> str | None:
    """DATETIME(3), in UTC, of milliseconds since the epoch; 0 is «none».

    Raises:
        UnstorableError: it is beyond the year 9999.
    """
    if not time_ms:
        return None
    return f"{_second(time_ms // 1_000)}.{time_ms % 1_000:03d}"


@lru_cache(maxsize=8_192)
def _second(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        raise UnstorableError(f"{seconds} s after 1970 is beyond the year 9999") from None


class Grid:
    """Converts the ticks and lots of one instrument."""

    __slots__ = ("_lot_units", "_tick_units")

    def __init__(self, instrument: Instrument) -> None:
        self._tick_units = step_units(instrument.tick_size)
        self._lot_units = step_units(instrument.lot_size)

    def price(self, ticks: int) -> str:
        """DECIMAL(20,8) of a price; raises UnstorableError."""
        return amount(ticks * self._tick_units)

    def quantity(self, lots: int) -> str:
        """DECIMAL(20,8) of a quantity; raises UnstorableError."""
        return amount(lots * self._lot_units)


def grids(instruments: Mapping[str, Instrument]) -> dict[str, Grid]:
    """The grid of each symbol."""
    return {symbol: Grid(instrument) for symbol, instrument in instruments.items()}
