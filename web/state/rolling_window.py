"""What was traded in the last hours, from candles of a minute.

As with Binance's rolling windows a window begins on a whole minute, and so is up to 59 999 ms
longer than asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from schemas.amounts import UNITS_PER_ASSET
from schemas.instruments import Instrument

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingWindow:
    """A window's numbers; where nothing was traded, ids are -1 and prices the last one."""

    open_time_ms: int
    close_time_ms: int
    first_trade_id: int
    last_trade_id: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    last_ticks: int
    volume_lots: int
    quote_volume_units: int
    trades: int
    weighted_average_units: int
    """What a whole unit of the base asset cost on average, rounded down."""

    @classmethod
    def of_day(cls, ticker: Mapping[str, Any]) -> "RollingWindow":
        """The last 24 hours, of a Ticker."""
        ids = ("first_trade_id", "last_trade_id")
        values = {each.name: ticker[each.name] for each in fields(cls)}
        return cls(**values | ({} if ticker["trades"] else dict.fromkeys(ids, -1)))


def window_open_ms(now_ms: int, minutes: int) -> int:
    """When the window of so many minutes that ends now begins."""
    return (now_ms // MINUTE_MS - minutes) * MINUTE_MS


def rolling_window(
    instrument: Instrument,
    candles: Sequence[dict[str, Any]],
    *,
    minutes: int,
    now_ms: int,
    last_ticks: int,
) -> RollingWindow:
    """The window that ends at ``now_ms``.

    ``candles`` are the symbol's of a minute, by rising openings, from the window's beginning on;
    ``last_ticks`` is the price of its last trade.
    """
    volume = sum(each["volume_lots"] for each in candles)
    quote = sum(each["quote_volume_units"] for each in candles)
    base_units = volume * instrument.base_units_per_lot
    price_units = last_ticks * instrument.quote_units_per_tick_lot
    return RollingWindow(
        open_time_ms=window_open_ms(now_ms, minutes),
        close_time_ms=now_ms,
        first_trade_id=candles[0]["first_trade_id"] if candles else -1,
        last_trade_id=candles[-1]["last_trade_id"] if candles else -1,
        open_ticks=candles[0]["open_ticks"] if candles else last_ticks,
        high_ticks=max((each["high_ticks"] for each in candles), default=last_ticks),
        low_ticks=min((each["low_ticks"] for each in candles), default=last_ticks),
        last_ticks=candles[-1]["close_ticks"] if candles else last_ticks,
        volume_lots=volume,
        quote_volume_units=quote,
        trades=sum(each["trades"] for each in candles),
        weighted_average_units=(
            quote * UNITS_PER_ASSET // base_units
            if base_units
            else price_units * UNITS_PER_ASSET // instrument.base_units_per_lot
        ),
    )
