"""Values as texts that MySQL's columns and the log's integers both come to."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.instruments import Instrument
from tradeflow.errors import TradeflowError

_EPOCH = datetime(1970, 1, 1)
_DIGITS = 8
_UNITS_END = 10**20
"""DECIMAL(20,8) holds what is below it in steps of 10**-8."""


class NoRoomError(Exception):
    """A value that no column of its kind can hold: the connector leaves its record out."""


def amount(units: int) -> str:
    """Minor units, with all 8 decimals; raises NoRoomError."""
    if abs(units) >= _UNITS_END:
        raise NoRoomError(f"{units} minor units")
    return f"{Decimal(units).scaleb(-_DIGITS):.{_DIGITS}f}"


def moment(ms: int) -> str | None:
    """Milliseconds since the epoch as a date and a time, 0 as None; raises NoRoomError."""
    try:
        at = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError as error:
        raise NoRoomError(f"{ms} ms") from error
    return at.isoformat(" ", "milliseconds") if ms else None


def units_of_step(size: str) -> int:
    """Minor units of one tick or lot."""
    return int(Decimal(size).scaleb(_DIGITS))


class Scale:
    """Ticks and lots of each symbol."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._steps = {
            symbol: (units_of_step(rules.tick_size), units_of_step(rules.lot_size))
            for symbol, rules in instruments.items()
        }

    def price(self, symbol: str, ticks: int) -> str | None:
        """A price; None of a symbol that is no instrument; raises NoRoomError."""
        return amount(ticks * self._steps[symbol][0]) if symbol in self._steps else None

    def quantity(self, symbol: str, lots: int) -> str | None:
        """A quantity, likewise."""
        return amount(lots * self._steps[symbol][1]) if symbol in self._steps else None

    def require(self, symbol: str) -> None:
        """Raises TradeflowError where the symbol is no instrument."""
        if symbol not in self._steps:
            raise TradeflowError(
                f"The log has {symbol}, which the file of instruments does not have.",
                remedy="Set TRADEFLOW_INSTRUMENTS to the one that the exchange uses.",
            )


def plain(value: Any) -> Any:
    """A value as the driver gives it, as the reference has it."""
    if isinstance(value, Decimal):
        return f"{value:.{_DIGITS}f}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, bytes | bytearray):
        return value.decode(errors="replace")
    return value


READERS: Mapping[str, Callable[[Any], Any]] = {"step_history": json.loads, "payload": json.loads}
"""Columns of JSON, of which the meaning counts: MySQL has its own order and spaces."""
