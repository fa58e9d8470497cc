"""Instruments: what can be traded, on which grid, by which rules.

An instrument is data: the default set is ``instruments.json`` beside this file.
"""

from dataclasses import dataclass

from schemas.enums import SymbolStatus

ASSET_SCALE = 8
"""Decimals of every asset: one minor unit is 10**-8."""


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
