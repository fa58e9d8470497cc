"""What is told of a symbol as a whole: its last trade, its last 24 hours, its average price."""

from typing import Final

from schemas.amounts import UNITS_PER_ASSET
from schemas.instruments import Instrument
from schemas.market_records import Candle, Ticker
from streams.domain.candle import CandleEvent, CandleSums, candle_key, capped
from streams.domain.candle_series import CandleSeries
from streams.domain.rolling_day import (
    AVERAGE_MINUTES,
    DAY_MINUTES,
    RollingDay,
    window_open_ms,
)

_MINUTE: Final = "1m"
_MINUTE_PLACE: Final = 1


class SymbolTicker:
    """The last trade and the rolling day of one symbol."""

    __slots__ = (
        "instrument",
        "day",
        "last_trade_id",
        "last_ticks",
        "last_lots",
        "last_time_ms",
        "_told_open_ms",
        "_changed",
    )

    def __init__(self, instrument: Instrument, previous_close_ticks: int = 0) -> None:
        self.instrument = instrument
        self.day = RollingDay(previous_close_ticks)
        self.last_trade_id = 0
        self.last_ticks = 0
        self.last_lots = 0
        self.last_time_ms = 0
        self._changed: dict[str, Candle | None] = {}

    def add(self, trade_id: int, price_ticks: int, lots: int, time_ms: int) -> None:
        """Note a trade; the last one is that of the highest id."""
        if trade_id > self.last_trade_id:
            self.last_trade_id = trade_id
            self.last_ticks = price_ticks
            self.last_lots = lots
            self.last_time_ms = time_ms

    def close(self, event: CandleEvent) -> None:
        """Take a closed candle in, if it is a minute's."""
        if event.interval == _MINUTE:
            self.day.add(event.open_time_ms, event.sums)
            self._changed[event.key] = event.as_record()

    def load_minute(self, row: Candle) -> None:
        """Put a closed minute in its place, from its row; minutes come in order."""
        self.day.add(row["open_time_ms"], CandleSums.from_record(row))

    def drop_before(self, now_ms: int) -> bool:
        """Forget what is older than a day; whether there was any."""
        gone = self.day.drop_before(window_open_ms(now_ms, DAY_MINUTES))
        for open_ms in gone:
            self._changed[candle_key(self.instrument.symbol, _MINUTE, open_ms)] = None
        return bool(gone)

    def take_changes(self) -> dict[str, Candle | None]:
        """The rows of closed minutes that came or went since the last call."""
        changed, self._changed = self._changed, {}
        return changed

    def record(self, series: CandleSeries, now_ms: int) -> Ticker:
        """The ticker as it stands."""
        still_open = series.still_open(_MINUTE_PLACE)
        sums = self.day.sums(still_open)
        lately = self.day.lately(window_open_ms(now_ms, AVERAGE_MINUTES - 1), still_open)
        last = self.last_ticks
        return {
            "symbol": self.instrument.symbol,
            "open_time_ms": window_open_ms(now_ms, DAY_MINUTES),
            "close_time_ms": now_ms,
            "first_trade_id": sums.first_trade_id,
            "last_trade_id": sums.last_trade_id,
            "previous_close_ticks": self.day.previous_close_ticks,
            "open_ticks": sums.open_ticks or last,
            "high_ticks": sums.high_ticks or last,
            "low_ticks": sums.low_ticks or last,
            "last_ticks": last,
            "last_lots": self.last_lots,
            "last_time_ms": self.last_time_ms,
            "volume_lots": capped(sums.volume_lots),
            "quote_volume_units": capped(sums.quote_volume_units),
            "trades": sums.trades,
            "weighted_average_units": self._average(sums),
            "average_price_units": self._average(lately),
        }

    def _average(self, sums: CandleSums) -> int:
        """What a whole unit of the base asset cost on average, rounded down."""
        base_units = sums.volume_lots * self.instrument.base_units_per_lot
        quote_units = sums.quote_volume_units
        if not base_units:
            base_units = self.instrument.base_units_per_lot
            quote_units = self.last_ticks * self.instrument.quote_units_per_tick_lot
        return capped(quote_units * UNITS_PER_ASSET // base_units)
