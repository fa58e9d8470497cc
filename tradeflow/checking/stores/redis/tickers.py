"""The hash of a symbol's ticker: two kinds of records fill fields of their own."""

from typing import Any

from tradeflow.checking.stores.redis.texts import Texts, money, percent

Fields = dict[str, str]

OF_A_DAY = (
    "priceChange",
    "priceChangePercent",
    "weightedAvgPrice",
    "prevClosePrice",
    "lastPrice",
    "lastQty",
    "openPrice",
    "highPrice",
    "lowPrice",
    "volume",
    "quoteVolume",
    "openTime",
    "closeTime",
    "firstId",
    "lastId",
    "count",
    "avgPrice",
)
OF_THE_BOOK = ("bidPrice", "bidQty", "askPrice", "askQty", "bookUpdateId")


def day_fields(ticker: Any, texts: Texts) -> Fields:
    """Of the last 24 hours."""
    symbol, change = ticker["symbol"], ticker["last_ticks"] - ticker["open_ticks"]
    values = (
        texts.price(symbol, change),
        percent(change, ticker["open_ticks"]),
        money(ticker["weighted_average_units"]),
        texts.price(symbol, ticker["previous_close_ticks"]),
        texts.price(symbol, ticker["last_ticks"]),
        texts.quantity(symbol, ticker["last_lots"]),
        texts.price(symbol, ticker["open_ticks"]),
        texts.price(symbol, ticker["high_ticks"]),
        texts.price(symbol, ticker["low_ticks"]),
        texts.quantity(symbol, ticker["volume_lots"]),
        money(ticker["quote_volume_units"]),
        str(ticker["open_time_ms"]),
        str(ticker["close_time_ms"]),
        str(ticker["first_trade_id"]),
        str(ticker["last_trade_id"]),
        str(ticker["trades"]),
        money(ticker["average_price_units"]),
    )
    return dict(zip(OF_A_DAY, values, strict=True))


def book_fields(ticker: Any, texts: Texts) -> Fields:
    """Of the best bid and ask."""
    symbol = ticker["symbol"]
    values = (
        texts.price(symbol, ticker["bid_ticks"]),
        texts.quantity(symbol, ticker["bid_lots"]),
        texts.price(symbol, ticker["ask_ticks"]),
        texts.quantity(symbol, ticker["ask_lots"]),
        str(ticker["update_id"]),
    )
    return dict(zip(OF_THE_BOOK, values, strict=True))
