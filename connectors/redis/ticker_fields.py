"""The fields of the hash ``ticker:{symbol}``: those of Binance's ``GET /api/v3/ticker/24hr``.

Also ``avgPrice``, the average of the last five minutes, and ``bookUpdateId``, which update of the
book the best bid and ask are of.  An empty side has price and quantity 0.
"""

from collections.abc import Mapping
from typing import Any

from connectors.redis.scales import Scale


def ticker_fields(ticker: Mapping[str, Any], scale: Scale) -> dict[str, str | int]:
    """Of the last 24 hours."""
    change = ticker["last_ticks"] - ticker["open_ticks"]
    return {
        "symbol": ticker["symbol"],
        "priceChange": scale.price(change),
        "priceChangePercent": percent(change, ticker["open_ticks"]),
        "weightedAvgPrice": scale.money(ticker["weighted_average_units"]),
        "prevClosePrice": scale.price(ticker["previous_close_ticks"]),
        "lastPrice": scale.price(ticker["last_ticks"]),
        "lastQty": scale.quantity(ticker["last_lots"]),
        "openPrice": scale.price(ticker["open_ticks"]),
        "highPrice": scale.price(ticker["high_ticks"]),
        "lowPrice": scale.price(ticker["low_ticks"]),
        "volume": scale.quantity(ticker["volume_lots"]),
        "quoteVolume": scale.money(ticker["quote_volume_units"]),
        "openTime": ticker["open_time_ms"],
        "closeTime": ticker["close_time_ms"],
        "firstId": ticker["first_trade_id"],
        "lastId": ticker["last_trade_id"],
        "count": ticker["trades"],
        "avgPrice": scale.money(ticker["average_price_units"]),
    }


def book_ticker_fields(ticker: Mapping[str, Any], scale: Scale) -> dict[str, str | int]:
    """Of the best bid and ask."""
    return {
        "symbol": ticker["symbol"],
        "bidPrice": scale.price(ticker["bid_ticks"]),
        "bidQty": scale.quantity(ticker["bid_lots"]),
        "askPrice": scale.price(ticker["ask_ticks"]),
        "askQty": scale.quantity(ticker["ask_lots"]),
        "bookUpdateId": ticker["update_id"],
    }


def percent(change: int, of: int) -> str:
    """How many per cent one is of the other, three decimals, halves away from zero; 0 of 0 is 0."""
    if not of:
        return "0.000"
    thousandths = (abs(change) * 200_000 + of) // (2 * of)
    sign = "-" if change < 0 and thousandths else ""
    return f"{sign}{thousandths // 1_000}.{thousandths % 1_000:03d}"
