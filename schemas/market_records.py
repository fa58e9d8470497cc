"""The shapes of market data: candles, tickers and books, and the rows they are kept in.

Units are those of ``schemas/records.py``.  Volumes are sums, so they are capped at the largest
64-bit number, which no real market reaches.
"""

from typing import TypedDict

from schemas.records import PriceLevel


class Candle(TypedDict):
    """What traded of a symbol in one window: candles; also a row of table ``market``.

    A window is told while it is open and once more, ``is_closed``, when it is over; in which
    nothing traded, it is not told at all, and whoever shows it repeats the close before it.
    Prices are those of the first and last trade by their ids.
    """

    symbol: str
    interval: str
    open_time_ms: int
    close_time_ms: int
    first_trade_id: int
    last_trade_id: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    quote_volume_units: int
    trades: int
    taker_buy_lots: int
    taker_buy_quote_units: int
    is_closed: bool


class Ticker(TypedDict):
    """A symbol's last 24 hours: tickers, by symbol.

    The window begins on a whole minute and is up to a minute longer.  ``previous_close_ticks`` is
    the price of the last trade before it, ``average_price_units`` what one whole unit of the base
    asset cost on average over the last five minutes, in minor units of the quote asset.
    Where nothing traded in the window, ``trades`` is 0 and all prices are the last one.
    """

    symbol: str
    open_time_ms: int
    close_time_ms: int
    first_trade_id: int
    last_trade_id: int
    previous_close_ticks: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    last_ticks: int
    last_lots: int
    last_time_ms: int
    volume_lots: int
    quote_volume_units: int
    trades: int
    weighted_average_units: int
    average_price_units: int


class BookTicker(TypedDict):
    """The best bid and ask of a symbol: tickers, by symbol; 0: that side is empty.

    Told when a round has changed it, as the round left it.
    """

    symbol: str
    update_id: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    time_ms: int


class DepthSnapshot(TypedDict):
    """A whole book as ``last_update_id`` left it: orderbook.snapshots, by symbol.

    ``offset`` is that of the update in orderbook.updates, on the partition of the same number: a
    local book goes on with the next one.  Best levels first, at most 5 000 a side.
    """

    symbol: str
    last_update_id: int
    offset: int
    bids: list[PriceLevel]
    asks: list[PriceLevel]
    time_ms: int


class IdRange(TypedDict):
    """Numbers that follow each other, both ends included."""

    first: int
    last: int


class MarketSymbolRow(TypedDict):
    """How far market data of one symbol has come: table ``market``.

    ``seen`` are the ids of trades that were counted, ``late_trades`` and ``repeated_trades`` how
    many were not, because their windows were closed or they had been counted.
    """

    symbol: str
    watermark_ms: int
    seen: list[IdRange]
    late_trades: int
    repeated_trades: int
    last_trade_id: int
    last_ticks: int
    last_lots: int
    last_time_ms: int
    previous_close_ticks: int
    told_ms: int
    is_told: bool


class MarketBookRow(TypedDict):
    """How far a symbol's book has come: table ``market``."""

    symbol: str
    last_update_id: int
    snapshot_ms: int
    lost_updates: int


class MarketLevelRow(TypedDict):
    """A level of a symbol's book: table ``market``."""

    symbol: str
    is_bid: bool
    price_ticks: int
    quantity_lots: int
