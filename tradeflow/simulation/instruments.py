"""What is traded in a simulation: small numbers, so that rounding, limits and crossings are met."""

from typing import Any

from schemas.instruments import Instrument


def _instrument(symbol: str, base: str, quote: str, **rules: Any) -> Instrument:
    fields: dict[str, Any] = {
        "symbol": symbol,
        "base_asset": base,
        "quote_asset": quote,
        "tick_size": "0.00000001",
        "lot_size": "1",
        "quote_units_per_tick_lot": 1,
        "base_units_per_lot": 1,
        "status": "TRADING",
        "min_price_ticks": 1,
        "max_price_ticks": 100_000,
        "price_step_ticks": 1,
        "min_quantity_lots": 1,
        "max_quantity_lots": 100_000,
        "quantity_step_lots": 1,
        "market_min_quantity_lots": 1,
        "market_max_quantity_lots": 100_000,
        "market_quantity_step_lots": 1,
        "min_notional_units": 0,
        "max_notional_units": 0,
        "apply_min_notional_to_market": False,
        "apply_max_notional_to_market": False,
        "bid_multiplier_up_ppm": 0,
        "bid_multiplier_down_ppm": 0,
        "ask_multiplier_up_ppm": 0,
        "ask_multiplier_down_ppm": 0,
        "average_price_minutes": 1,
        "max_num_orders": 30,
        "max_num_algo_orders": 6,
        "max_num_iceberg_orders": 6,
        "max_iceberg_parts": 12,
        "maker_rate_ppm": 1_000,
        "taker_rate_ppm": 2_500,
    }
    return Instrument(**{**fields, **rules})


INSTRUMENTS = {
    rules.symbol: rules
    for rules in (
        _instrument("BTCUSDT", "BTC", "USDT", quote_units_per_tick_lot=7, base_units_per_lot=1_000),
        # Its quote asset is another's base asset, and its rates are odd.
        _instrument(
            "ETHBTC",
            "ETH",
            "BTC",
            quote_units_per_tick_lot=3,
            base_units_per_lot=110,
            quantity_step_lots=1,
            market_quantity_step_lots=2,
            market_min_quantity_lots=2,
            bid_multiplier_up_ppm=1_200_000,
            ask_multiplier_down_ppm=800_000,
            maker_rate_ppm=3_333,
            taker_rate_ppm=70_001,
        ),
    )
}
"""By symbol."""

MIDDLE_TICKS = 100
"""Prices are near it."""
