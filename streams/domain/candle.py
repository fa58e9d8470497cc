"""One candle: what traded in one window, added up trade by trade or from shorter candles."""

from typing import Final, cast

from schemas.market_records import Candle

FIELDS: Final = tuple(Candle.__annotations__)

LARGEST: Final = 2**63 - 1
"""Sums stop here: no record has more than 64 bits."""
_USUAL: Final = 2**62 - 1


class CandleSums:
    """The numbers of a candle, without its place in time; empty until something is added."""

    __slots__ = (
        "first_trade_id",
        "last_trade_id",
        "open_ticks",
        "high_ticks",
        "low_ticks",
        "close_ticks",
        "volume_lots",
        "quote_volume_units",
        "trades",
        "taker_buy_lots",
        "taker_buy_quote_units",
    )

    def __init__(self) -> None:
        self.first_trade_id = 0
        self.last_trade_id = 0
        self.open_ticks = 0
        self.high_ticks = 0
        self.low_ticks = 0
        self.close_ticks = 0
        self.volume_lots = 0
        self.quote_volume_units = 0
        self.trades = 0
        self.taker_buy_lots = 0
        self.taker_buy_quote_units = 0

    @classmethod
    def from_record(cls, record: Candle) -> "CandleSums":
        """The sums that a record tells."""
        sums = cls()
        sums.first_trade_id = record["first_trade_id"]
        sums.last_trade_id = record["last_trade_id"]
        sums.open_ticks = record["open_ticks"]
        sums.high_ticks = record["high_ticks"]
        sums.low_ticks = record["low_ticks"]
        sums.close_ticks = record["close_ticks"]
        sums.volume_lots = record["volume_lots"]
        sums.quote_volume_units = record["quote_volume_units"]
        sums.trades = record["trades"]
        sums.taker_buy_lots = record["taker_buy_lots"]
        sums.taker_buy_quote_units = record["taker_buy_quote_units"]
        return sums

    def add_trade(
        self, trade_id: int, price_ticks: int, lots: int, quote_units: int, is_taker_buy: bool
    ) -> None:
        """Count a trade; open and close are those of the lowest and highest id."""
        if not self.trades:
            self.first_trade_id = self.last_trade_id = trade_id
            self.open_ticks = self.close_ticks = price_ticks
            self.high_ticks = self.low_ticks = price_ticks
        else:
            if trade_id > self.last_trade_id:
                self.last_trade_id = trade_id
                self.close_ticks = price_ticks
            elif trade_id < self.first_trade_id:
                self.first_trade_id = trade_id
                self.open_ticks = price_ticks
            if price_ticks > self.high_ticks:
                self.high_ticks = price_ticks
            elif price_ticks < self.low_ticks:
                self.low_ticks = price_ticks
        self.trades += 1
        self.volume_lots = capped(self.volume_lots + lots)
        self.quote_volume_units = capped(self.quote_volume_units + quote_units)
        if is_taker_buy:
            self.taker_buy_lots = capped(self.taker_buy_lots + lots)
            self.taker_buy_quote_units = capped(self.taker_buy_quote_units + quote_units)

    def add(self, other: "CandleSums") -> None:
        """Count all that another candle has counted."""
        if not other.trades:
            return
        if not self.trades or other.first_trade_id < self.first_trade_id:
            self.first_trade_id = other.first_trade_id
            self.open_ticks = other.open_ticks
        if other.last_trade_id > self.last_trade_id:
            self.last_trade_id = other.last_trade_id
            self.close_ticks = other.close_ticks
        if not self.trades or other.low_ticks < self.low_ticks:
            self.low_ticks = other.low_ticks
        if other.high_ticks > self.high_ticks:
            self.high_ticks = other.high_ticks
        self.trades += other.trades
        self.volume_lots = capped(self.volume_lots + other.volume_lots)
        self.quote_volume_units = capped(self.quote_volume_units + other.quote_volume_units)
        self.taker_buy_lots = capped(self.taker_buy_lots + other.taker_buy_lots)
        self.taker_buy_quote_units = capped(
            self.taker_buy_quote_units + other.taker_buy_quote_units
        )

    def copy(self) -> "CandleSums":
        """The same sums, to add to."""
        other = CandleSums()
        other.add(self)
        return other


class CandleEvent:
    """A ``Candle``: sums and the window that they belong to."""

    __slots__ = ("symbol", "interval", "open_time_ms", "close_time_ms", "sums", "is_closed")

    def __init__(
        self,
        symbol: str,
        interval: str,
        open_time_ms: int,
        close_time_ms: int,
        sums: CandleSums,
        is_closed: bool,
    ) -> None:
        self.symbol = symbol
        self.interval = interval
        self.open_time_ms = open_time_ms
        self.close_time_ms = close_time_ms
        self.sums = sums
        self.is_closed = is_closed

    @property
    def key(self) -> str:
        """Under which its topic keeps the last word on a window, and the table its row."""
        return candle_key(self.symbol, self.interval, self.open_time_ms)

    def fields(self) -> tuple[object, ...]:
        """The fields in the schema's order."""
        sums = self.sums
        return (
            self.symbol,
            self.interval,
            self.open_time_ms,
            self.close_time_ms,
            sums.first_trade_id,
            sums.last_trade_id,
            sums.open_ticks,
            sums.high_ticks,
            sums.low_ticks,
            sums.close_ticks,
            sums.volume_lots,
            sums.quote_volume_units,
            sums.trades,
            sums.taker_buy_lots,
            sums.taker_buy_quote_units,
            self.is_closed,
        )

    def as_record(self) -> Candle:
        """The record as the codec reads it back."""
        return cast(Candle, dict(zip(FIELDS, self.fields(), strict=True)))


def candle_key(symbol: str, interval: str, open_time_ms: int) -> str:
    """A window's name."""
    return f"{symbol} {interval} {open_time_ms}"


def capped(total: int) -> int:
    """A sum of positive numbers, or the largest number there is."""
    # Compiled, the first comparison is one of machine words; the second is not.
    return total if total <= _USUAL or total <= LARGEST else LARGEST
