"""Instruments: what can be traded, on which grid, by which rules.

An instrument is data: the default set is ``instruments.json`` beside this file.  The file holds a
list of objects with the fields below, but in decimal strings (``min_price`` "0.01",
``taker_rate`` "0.001"), and without what follows from them (``quote_units_per_tick_lot``,
``base_units_per_lot``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from schemas.amounts import (
    INTEGER_MAX,
    UNITS_PER_ASSET,
    AmountError,
    parse_ppm,
    parse_steps,
    parse_units,
    step_units,
)
from schemas.enums import SYMBOL_STATUSES, SymbolStatus
from schemas.instrument_rules import contradiction

DEFAULT_FILE = Path(__file__).with_name("instruments.json")
SYMBOL_LENGTH_MAX = 20
PPM = 1_000_000


class InstrumentError(ValueError):
    """A file of instruments that cannot be used: one line with file, symbol, field and fault."""

    def __init__(self, message: str) -> None:
        # Names come from the file and may hold anything; the message stays one line.
        super().__init__(" ".join(message.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """The rules of one symbol.  Filters with a value of 0 are off.

    One tick times one lot is a whole number of quote minor units (``quote_units_per_tick_lot``):
    no notional is ever rounded.
    """

    symbol: str
    base_asset: str
    quote_asset: str
    tick_size: str
    """Decimal string: the price of one tick."""
    lot_size: str
    """Decimal string: the quantity of one lot."""
    quote_units_per_tick_lot: int
    base_units_per_lot: int
    status: SymbolStatus
    """The status before any SetSymbolStatus."""
    min_price_ticks: int
    max_price_ticks: int
    price_step_ticks: int
    min_quantity_lots: int
    max_quantity_lots: int
    quantity_step_lots: int
    market_min_quantity_lots: int
    market_max_quantity_lots: int
    market_quantity_step_lots: int
    min_notional_units: int
    max_notional_units: int
    apply_min_notional_to_market: bool
    apply_max_notional_to_market: bool
    bid_multiplier_up_ppm: int
    bid_multiplier_down_ppm: int
    ask_multiplier_up_ppm: int
    ask_multiplier_down_ppm: int
    average_price_minutes: int
    """Width of the window of the average price; 0: the last price is used."""
    max_num_orders: int
    max_num_algo_orders: int
    max_num_iceberg_orders: int
    max_iceberg_parts: int
    maker_rate_ppm: int
    taker_rate_ppm: int


_NAMES = ("symbol", "base_asset", "quote_asset")
# In the file -> in Instrument.
_PRICES = {name: f"{name}_ticks" for name in ("min_price", "max_price", "price_step")}
_QUANTITIES = {
    name: f"{name}_lots"
    for name in (
        "min_quantity",
        "max_quantity",
        "quantity_step",
        "market_min_quantity",
        "market_max_quantity",
        "market_quantity_step",
    )
}
_AMOUNTS = {name: f"{name}_units" for name in ("min_notional", "max_notional")}
_RATIOS = {
    name: f"{name}_ppm"
    for name in (
        "bid_multiplier_up",
        "bid_multiplier_down",
        "ask_multiplier_up",
        "ask_multiplier_down",
        "maker_rate",
        "taker_rate",
    )
}
_FLAGS = ("apply_min_notional_to_market", "apply_max_notional_to_market")
_COUNTS = (
    "average_price_minutes",
    "max_num_orders",
    "max_num_algo_orders",
    "max_num_iceberg_orders",
    "max_iceberg_parts",
)
_FIELDS = {
    *_NAMES,
    "tick_size",
    "lot_size",
    "status",
    *_PRICES,
    *_QUANTITIES,
    *_AMOUNTS,
    *_RATIOS,
    *_FLAGS,
    *_COUNTS,
}


def assets_of(instruments: Mapping[str, Instrument]) -> set[str]:
    """All assets that instruments trade, or trade for."""
    return {
        asset
        for instrument in instruments.values()
        for asset in (instrument.base_asset, instrument.quote_asset)
    }


def load_instruments(path: Path | str | None = None) -> dict[str, Instrument]:
    """The instruments of a file, by symbol; without a file, the default set.

    Raises InstrumentError.
    """
    file = DEFAULT_FILE if path is None else Path(path)
    try:
        entries = json.loads(file.read_bytes(), object_pairs_hook=_without_repeats)
    except OSError as error:
        raise InstrumentError(f"{file}: cannot be read: {error.strerror or error}") from None
    except InstrumentError as error:
        raise InstrumentError(f"{file}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise InstrumentError(f"{file}: not JSON: {error}") from None
    if not isinstance(entries, list) or not entries:
        raise InstrumentError(f"{file}: must be a list of at least one instrument")
    instruments: dict[str, Instrument] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            instrument = read_instrument(entry)
        except InstrumentError as error:
            symbol = entry.get("symbol") if isinstance(entry, dict) else None
            name = symbol if isinstance(symbol, str) and symbol else f"instrument {number}"
            raise InstrumentError(f"{file}: {name}: {error}") from None
        if instrument.symbol in instruments:
            raise InstrumentError(f"{file}: {instrument.symbol}: symbol: is there twice")
        instruments[instrument.symbol] = instrument
    return instruments


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        symbol = found.get("symbol")
        _refuse(f"{symbol}: {twice}" if isinstance(symbol, str) else twice, "is there twice")
    return found


def _refuse(field: str, fault: str) -> NoReturn:
    raise InstrumentError(f"{field}: {fault}")


def read_instrument(entry: object) -> Instrument:
    """One instrument from its JSON object; raises InstrumentError («field: fault»)."""
    if not isinstance(entry, dict):
        raise InstrumentError("must be an object")
    for field in sorted(_FIELDS - entry.keys()):
        _refuse(field, "is missing")
    for field in sorted(entry.keys() - _FIELDS):
        _refuse(field, "is no field of an instrument")
    for field in _NAMES:
        _check_name(field, entry[field])
    if entry["base_asset"] == entry["quote_asset"]:
        _refuse("quote_asset", f"{entry['quote_asset']} is the base asset too")
    if entry["status"] not in SYMBOL_STATUSES:
        _refuse("status", f"{entry['status']!r} is none of {', '.join(SYMBOL_STATUSES)}")
    values: dict[str, Any] = _grid(entry) | _amounts(entry)
    values |= {field: entry[field] for field in (*_NAMES, "tick_size", "lot_size", "status")}
    values |= {field: _flag(field, entry[field]) for field in _FLAGS}
    values |= {field: _count(field, entry[field]) for field in _COUNTS}
    instrument = Instrument(**values)
    if fault := contradiction(instrument):
        raise InstrumentError(fault)
    return instrument


def _check_name(field: str, value: object) -> None:
    if not isinstance(value, str) or not value or len(value) > SYMBOL_LENGTH_MAX:
        _refuse(field, f"{value!r} must be a name of 1 to {SYMBOL_LENGTH_MAX} characters")
    if not value.isprintable() or any(character.isspace() for character in value):
        _refuse(field, f"{value!r} has a character that a name must not have")
    if ":" in value:
        _refuse(field, f"{value!r} has a colon: it parts the names in the keys of table rows")


def _grid(entry: Mapping[str, Any]) -> dict[str, int]:
    units = {}
    for field in ("tick_size", "lot_size"):
        try:
            units[field] = step_units(entry[field]) if isinstance(entry[field], str) else 0
        except AmountError as error:
            _refuse(field, str(error))
        if not units[field]:
            _refuse(field, f"{entry[field]!r} must be a decimal string")
    per_tick_lot, rest = divmod(units["tick_size"] * units["lot_size"], UNITS_PER_ASSET)
    if rest:
        product = f"{entry['tick_size']} x {entry['lot_size']}"
        _refuse("tick_size", f"tick x lot ({product}) is not a whole number of 0.00000001")
    return {"quote_units_per_tick_lot": per_tick_lot, "base_units_per_lot": units["lot_size"]}


def _amounts(entry: Mapping[str, Any]) -> dict[str, int]:
    values = {}
    for file_names, size in ((_PRICES, "tick_size"), (_QUANTITIES, "lot_size")):
        for field, name in file_names.items():
            values[name] = _decimal(field, entry[field], entry[size])
    for field, name in _AMOUNTS.items():
        values[name] = _decimal(field, entry[field], None)
    for field, name in _RATIOS.items():
        values[name] = _ratio(field, entry[field])
    return values


def _decimal(field: str, value: object, size: str | None) -> int:
    if not isinstance(value, str):
        _refuse(field, f"{value!r} must be a decimal string")
    try:
        return parse_units(value) if size is None else parse_steps(value, size)
    except AmountError as error:
        _refuse(field, str(error))


def _ratio(field: str, value: object) -> int:
    if not isinstance(value, str):
        _refuse(field, f"{value!r} must be a decimal string")
    try:
        ppm = parse_ppm(value)
    except AmountError as error:
        _refuse(field, str(error))
    if field.endswith("_rate") and ppm > PPM:
        _refuse(field, f"{value} is more than 1")
    return ppm


def _flag(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        _refuse(field, f"{value!r} must be true or false")
    return value


def _count(field: str, value: object) -> int:
    if type(value) is not int or not 0 <= value <= INTEGER_MAX:
        _refuse(field, f"{value!r} must be a whole number, 0 or more")
    return value
