"""Instruments for tests: each makes another part of the rules matter."""

from typing import Any

from schemas.instruments import Instrument


def an_instrument(symbol: str = "PLAIN", **changes: Any) -> Instrument:
    """An instrument with every filter off, one unit to the tick, lot and step."""
    fields: dict[str, Any] = {
        "symbol": symbol,
        "base_asset": "BASE",
        "quote_asset": "QUOTE",
        "tick_size": "0.01",
        "lot_size": "0.00000001",
        "quote_units_per_tick_lot": 1,
        "base_units_per_lot": 1,
        "status": "TRADING",
        "min_price_ticks": 0,
        "max_price_ticks": 0,
        "price_step_ticks": 0,
        "min_quantity_lots": 0,
        "max_quantity_lots": 0,
        "quantity_step_lots": 0,
        "market_min_quantity_lots": 0,
        "market_max_quantity_lots": 0,
        "market_quantity_step_lots": 0,
        "min_notional_units": 0,
        "max_notional_units": 0,
        "apply_min_notional_to_market": False,
        "apply_max_notional_to_market": False,
        "bid_multiplier_up_ppm": 0,
        "bid_multiplier_down_ppm": 0,
        "ask_multiplier_up_ppm": 0,
        "ask_multiplier_down_ppm": 0,
        "average_price_minutes": 0,
        "max_num_orders": 0,
        "max_num_algo_orders": 0,
        "max_num_iceberg_orders": 0,
        "max_iceberg_parts": 0,
        "maker_rate_ppm": 1_000,
        "taker_rate_ppm": 2_000,
    }
    return Instrument(**{**fields, **changes})


PLAIN = an_instrument("PLAIN", max_num_orders=60, max_iceberg_parts=100)
"""Nearly no filter; the reference price is the last price.

Without a bound on parts one order could meet an iceberg of 2**60 of them, and never end.
"""

STRICT = an_instrument(
    "STRICT",
    quote_units_per_tick_lot=7,
    base_units_per_lot=1_000,
    min_price_ticks=90,
    max_price_ticks=112,
    price_step_ticks=2,
    min_quantity_lots=4,
    max_quantity_lots=60,
    quantity_step_lots=2,
    market_min_quantity_lots=6,
    market_max_quantity_lots=36,
    market_quantity_step_lots=6,
    min_notional_units=4_500,
    max_notional_units=24_000,
    apply_min_notional_to_market=True,
    apply_max_notional_to_market=True,
    bid_multiplier_up_ppm=1_060_000,
    bid_multiplier_down_ppm=930_000,
    ask_multiplier_up_ppm=1_070_000,
    ask_multiplier_down_ppm=940_000,
    average_price_minutes=2,
    max_num_orders=7,
    max_num_algo_orders=3,
    max_num_iceberg_orders=2,
    max_iceberg_parts=5,
)
"""Every filter on and narrow; the step of market orders is another than that of limit orders."""

HALF = an_instrument(
    "HALF",
    quote_units_per_tick_lot=3,
    base_units_per_lot=10,
    quantity_step_lots=1,
    market_quantity_step_lots=4,
    min_notional_units=600,
    max_notional_units=6_900,
    apply_max_notional_to_market=True,
    bid_multiplier_up_ppm=1_050_000,
    ask_multiplier_down_ppm=950_000,
    average_price_minutes=5,
    max_num_orders=40,
    max_iceberg_parts=100,
)
"""Bounds on one side only, and leaves that are off the step of market orders."""

VAST = an_instrument(
    "VAST",
    max_price_ticks=128,
    min_quantity_lots=2**52,
    quantity_step_lots=2**52,
    average_price_minutes=1,
    max_num_orders=50,
    max_iceberg_parts=100,
)
"""Amounts near 2**63, some just that, so that a minute's sums do not fit and are halved."""

HOSTILE_INSTRUMENTS = {rules.symbol: rules for rules in (PLAIN, STRICT, HALF, VAST)}

REALISTIC_INSTRUMENTS = {
    symbol: an_instrument(
        symbol,
        quote_units_per_tick_lot=100,
        base_units_per_lot=100,
        min_price_ticks=1,
        max_price_ticks=100_000_000,
        price_step_ticks=1,
        min_quantity_lots=1,
        max_quantity_lots=900_000_000,
        quantity_step_lots=1,
        min_notional_units=1_000,
        bid_multiplier_up_ppm=5_000_000,
        bid_multiplier_down_ppm=200_000,
        ask_multiplier_up_ppm=5_000_000,
        ask_multiplier_down_ppm=200_000,
        average_price_minutes=5,
        max_num_orders=0,
        max_iceberg_parts=100,
    )
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT")
}
"""What a venue sets: wide filters that hardly ever refuse."""
