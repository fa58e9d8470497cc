"""Decimal strings outside, integers inside: the one module that converts.

Nothing is rounded here, ever: what does not fit its grid is refused.  Integers count

- minor units of an asset (10**-8), for money;
- steps of a size given as a decimal string: ticks of a price, lots of a quantity;
- parts per million, for rates and multipliers.
"""

import re
from functools import lru_cache
from typing import Literal

ASSET_SCALE = 8
"""Decimals of every asset: one minor unit is 10**-8."""

UNITS_PER_ASSET = 10**ASSET_SCALE
PPM_SCALE = 6
INTEGER_MAX = 2**63 - 1

AmountReason = Literal["NOT_A_NUMBER", "TOO_PRECISE", "OFF_THE_GRID", "OVERFLOW"]

# As Binance takes them: digits with or without a point, no sign, no exponent.
_DECIMAL = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?", re.ASCII)


class AmountError(ValueError):
    """A text that is no amount, or none that can be kept exactly.

    ``reason`` is NOT_A_NUMBER, TOO_PRECISE (more decimals than are kept), OFF_THE_GRID (between two
    steps) or OVERFLOW (beyond 2**63 - 1).
    """

    def __init__(self, reason: AmountReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def parse_units(text: str) -> int:
    """Minor units of a decimal string; raises AmountError."""
    return _parse(text, ASSET_SCALE)


def parse_ppm(text: str) -> int:
    """Parts per million of a decimal string: «0.001» is 1 000; raises AmountError."""
    return _parse(text, PPM_SCALE)


def parse_steps(text: str, size: str) -> int:
    """How many steps of ``size`` the decimal string is: ticks or lots; raises AmountError."""
    step = step_units(size)
    # A value beyond 64 bits in minor units may be few steps.
    steps, rest = divmod(_scaled(text, ASSET_SCALE), step)
    if rest:
        raise AmountError("OFF_THE_GRID", f"{text} is not a whole number of {size}")
    if steps > INTEGER_MAX:
        raise AmountError("OVERFLOW", f"{text} is too large")
    return steps


@lru_cache(maxsize=1024)
def step_units(size: str) -> int:
    """The size of a step in minor units, more than 0; raises AmountError."""
    units = parse_units(size)
    if units == 0:
        raise AmountError("OFF_THE_GRID", "a step must be more than 0")
    return units


def _parse(text: str, scale: int) -> int:
    value = _scaled(text, scale)
    if value > INTEGER_MAX:
        raise AmountError("OVERFLOW", f"{text} is too large")
    return value


def _scaled(text: str, scale: int) -> int:
    """The decimal string times 10**scale; zeros beyond the scale do no harm."""
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        shown = repr(text)
        raise AmountError(
            "NOT_A_NUMBER", f"{shown if len(shown) <= 50 else shown[:47] + '...'} is no decimal"
        )
    whole, fraction = match[1], match[2] or ""
    if fraction[scale:].strip("0"):
        raise AmountError("TOO_PRECISE", f"{text} has more than {scale} decimals")
    return int(whole + fraction[:scale].ljust(scale, "0"))


def format_units(units: int) -> str:
    """The decimal string of minor units, with all 8 decimals: 150000000 is «1.50000000»."""
    return _format(units, ASSET_SCALE)


def format_ppm(ppm: int) -> str:
    """The decimal string of parts per million, with all 6 decimals."""
    return _format(ppm, PPM_SCALE)


def format_steps(steps: int, size: str) -> str:
    """The decimal string of so many steps of ``size``, with all 8 decimals."""
    return _format(steps * step_units(size), ASSET_SCALE)


def _format(value: int, scale: int) -> str:
    whole, fraction = divmod(abs(value), 10**scale)
    return f"{'-' if value < 0 else ''}{whole}.{fraction:0{scale}d}"
