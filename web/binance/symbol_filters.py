"""An instrument's rules as Binance's filters: the same that matching checks."""

from typing import Any

from schemas.amounts import INTEGER_MAX, format_ppm, format_units
from schemas.instruments import Instrument
from web.state.grid import Grid

Filter = dict[str, Any]

_LARGEST = format_units(INTEGER_MAX)
"""Where a bound is off: no amount is larger."""
_NO_BOUND = format_ppm(INTEGER_MAX)


def symbol_filters(instrument: Instrument) -> list[Filter]:
    """All that are on, in Binance's order; clients know no others than Binance's."""
    grid = Grid(instrument)
    return [
        _price(instrument, grid),
        _lot_size(instrument, grid),
        {"filterType": "ICEBERG_PARTS", "limit": instrument.max_iceberg_parts},
        _market_lot_size(instrument, grid),
        *_percent_price(instrument),
        _notional(instrument),
        *_counts(instrument),
    ]


def _price(instrument: Instrument, grid: Grid) -> Filter:
    return {
        "filterType": "PRICE_FILTER",
        "minPrice": grid.price(instrument.min_price_ticks),
        "maxPrice": grid.price(instrument.max_price_ticks),
        # A price between two ticks cannot even be said.
        "tickSize": grid.price(instrument.price_step_ticks or 1),
    }


def _lot_size(instrument: Instrument, grid: Grid) -> Filter:
    most = instrument.max_quantity_lots
    return {
        "filterType": "LOT_SIZE",
        "minQty": grid.quantity(instrument.min_quantity_lots or 1),
        "maxQty": grid.quantity(most) if most else _LARGEST,
        "stepSize": grid.quantity(instrument.quantity_step_lots or 1),
    }


def _market_lot_size(instrument: Instrument, grid: Grid) -> Filter:
    most = instrument.market_max_quantity_lots or instrument.max_quantity_lots
    return {
        "filterType": "MARKET_LOT_SIZE",
        "minQty": grid.quantity(instrument.market_min_quantity_lots),
        "maxQty": grid.quantity(most) if most else _LARGEST,
        "stepSize": grid.quantity(instrument.market_quantity_step_lots),
    }


def _percent_price(instrument: Instrument) -> list[Filter]:
    ups = instrument.bid_multiplier_up_ppm, instrument.ask_multiplier_up_ppm
    downs = instrument.bid_multiplier_down_ppm, instrument.ask_multiplier_down_ppm
    if not any((*ups, *downs)):
        return []
    bid_up, ask_up = (format_ppm(up) if up else _NO_BOUND for up in ups)
    return [
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": bid_up,
            "bidMultiplierDown": format_ppm(downs[0]),
            "askMultiplierUp": ask_up,
            "askMultiplierDown": format_ppm(downs[1]),
            "avgPriceMins": instrument.average_price_minutes,
        }
    ]


def _notional(instrument: Instrument) -> Filter:
    most = instrument.max_notional_units
    return {
        "filterType": "NOTIONAL",
        "minNotional": format_units(instrument.min_notional_units),
        "applyMinToMarket": instrument.apply_min_notional_to_market,
        "maxNotional": format_units(most) if most else _LARGEST,
        "applyMaxToMarket": instrument.apply_max_notional_to_market,
        "avgPriceMins": instrument.average_price_minutes,
    }


def _counts(instrument: Instrument) -> list[Filter]:
    counts = (
        ("MAX_NUM_ORDERS", "maxNumOrders", instrument.max_num_orders),
        ("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", instrument.max_num_algo_orders),
        ("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", instrument.max_num_iceberg_orders),
    )
    return [{"filterType": kind, field: most} for kind, field, most in counts if most]
