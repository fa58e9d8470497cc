"""How a symbol's price changed over some time, in Binance's words."""

from collections.abc import Mapping
from typing import Any

from schemas.amounts import format_units
from web.binance.reply import TimeMs
from web.binance.shapes import AMOUNT, NUMBER, TEXT, TIME, Shape
from web.state.markets import SymbolMarket
from web.state.traded_sums import Sums

_NO_TRADE = -1
_PERCENT_PARTS = 1_000
"""Per cent are told with three decimals."""

MINI: Mapping[str, Shape] = {
    "symbol": TEXT,
    "openPrice": AMOUNT,
    "highPrice": AMOUNT,
    "lowPrice": AMOUNT,
    "lastPrice": AMOUNT,
    "volume": AMOUNT,
    "quoteVolume": AMOUNT,
    "openTime": TIME,
    "closeTime": TIME,
    "firstId": NUMBER,
    "lastId": NUMBER,
    "count": NUMBER,
}
CHANGE: Mapping[str, Shape] = {
    "priceChange": AMOUNT,
    "priceChangePercent": AMOUNT,
    "weightedAvgPrice": AMOUNT,
}
FULL: Mapping[str, Shape] = {**MINI, **CHANGE}


def mini(market: SymbolMarket, sums: Sums, *, open_ms: int, close_ms: int) -> dict[str, Any]:
    """The prices and volumes; where nothing traded all prices are the last one there was."""
    last = market.last_ticks
    price = market.grid.price
    return {
        "symbol": market.instrument.symbol,
        "openPrice": price(sums.open_ticks or last),
        "highPrice": price(sums.high_ticks or last),
        "lowPrice": price(sums.low_ticks or last),
        "lastPrice": price(sums.close_ticks or last),
        "volume": market.grid.quantity(sums.lots),
        "quoteVolume": format_units(sums.quote_units),
        "openTime": TimeMs(open_ms),
        "closeTime": TimeMs(close_ms),
        "firstId": sums.first_trade_id or _NO_TRADE,
        "lastId": sums.last_trade_id or _NO_TRADE,
        "count": sums.trades,
    }


def change(market: SymbolMarket, sums: Sums) -> dict[str, str]:
    """What ``FULL`` answers have beside."""
    moved = sums.close_ticks - sums.open_ticks
    average = sums.average_units(market.instrument)
    return {
        "priceChange": format_units(moved * market.grid.tick_units),
        "priceChangePercent": _per_cent(moved, sums.open_ticks),
        "weightedAvgPrice": format_units(average or market.last_ticks * market.grid.tick_units),
    }


def _per_cent(moved: int, of: int) -> str:
    """With three decimals, half a one rounded away from zero."""
    parts = 100 * _PERCENT_PARTS
    rounded = (2 * abs(moved) * parts + of) // (2 * of) if of else 0
    whole, rest = divmod(rounded, _PERCENT_PARTS)
    return f"{'-' if moved < 0 and rounded else ''}{whole}.{rest:03d}"
