"""Candles in Redis, in one of two forms behind one interface.

========================  =======================================================================
time series               where the server has TS.*: five series a symbol and interval, each a
                          double by opening time in ms: ``ticker:{symbol}:{interval}`` holds the
                          closes, ``…:open``, ``…:high``, ``…:low`` and ``…:volume`` the others;
                          labels symbol, interval and field (``TS.MRANGE``)
sorted sets               elsewhere: ``ticker:{symbol}:{interval}``, the opening time is the
                          score, Binance's kline array in JSON the member
========================  =======================================================================

Kept is what opened within the last ``candles_kept`` intervals before the newest candle; a month
counts as 31 days.  A later word on a window replaces the earlier one.

There are no rules that make one series of another (``TS.CREATERULE``): each interval comes exact
from the topic, and a rule would not hear of a correction to a bucket that it has closed.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import redis

from connectors.redis.book_changes import counted
from connectors.redis.keys import Keys
from connectors.redis.payloads import kline_array, parsed
from connectors.redis.scales import Scale

_UNIT_MS = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "M": 31 * 86_400_000,
}
_FIELDS = ("open", "high", "low", "close", "volume")


class CandleRow(NamedTuple):
    """A candle as it is read: prices and volume are decimal texts with 8 decimals.

    Of time series they are a double's, good for 15 digits.
    """

    open_time_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str


class CandleForm(Protocol):
    """How candles are kept."""

    name: str

    def arguments(
        self, symbol: str, interval: str, candles: Iterable[Mapping[str, Any]], scale: Scale
    ) -> list[str | int]:
        """The script's operation for records of one series, in order of their opening."""

    def keys(self, symbol: str, interval: str) -> list[str]:
        """All keys of one series."""

    def read(
        self, client: "redis.Redis", symbol: str, interval: str, from_ms: int, to_ms: int
    ) -> list[CandleRow]:
        """Candles that opened in a span of time, both ends included, oldest first."""


def interval_ms(interval: str) -> int:
    """How long an interval is at most, in ms: «15m», «1M» (31 days)."""
    return int(interval[:-1]) * _UNIT_MS[interval[-1]]


class TimeSeries:
    """Candles as RedisTimeSeries."""

    name = "time series"

    def __init__(self, keys: Keys, kept: int) -> None:
        self._keys = keys
        self._kept = kept

    def arguments(
        self, symbol: str, interval: str, candles: Iterable[Mapping[str, Any]], scale: Scale
    ) -> list[str | int]:
        """The operation «series»."""
        values: list[str | int] = []
        for candle in candles:
            values += (candle["open_time_ms"], *_texts(candle, scale))
        retention = self._kept * interval_ms(interval)
        key = self._keys.candles(symbol, interval)
        return ["series", key, retention, symbol, interval, *counted(values)]

    def keys(self, symbol: str, interval: str) -> list[str]:
        """The five series, in the order of CandleRow's fields."""
        key = self._keys.candles(symbol, interval)
        return [key if field == "close" else f"{key}:{field}" for field in _FIELDS]

    def read(
        self, client: "redis.Redis", symbol: str, interval: str, from_ms: int, to_ms: int
    ) -> list[CandleRow]:
        """One transaction, so that the five agree."""
        pipeline: Any = client.pipeline(transaction=True)
        for key in self.keys(symbol, interval):
            pipeline.execute_command("TS.RANGE", key, from_ms, to_ms)
        try:
            answers = pipeline.execute()
        except redis.ResponseError as error:
            if "does not exist" in str(error):
                return []
            raise
        fields = [dict(samples) for samples in answers]
        # Somebody may have removed one of the series: what it lacks is no candle any more.
        whole = [at for at in fields[0] if all(at in field for field in fields)]
        return [CandleRow(int(at), *(_text(field[at]) for field in fields)) for at in whole]


class SortedSets:
    """Candles as sorted sets."""

    name = "sorted sets"

    def __init__(self, keys: Keys, kept: int) -> None:
        self._keys = keys
        self._kept = kept

    def arguments(
        self, symbol: str, interval: str, candles: Iterable[Mapping[str, Any]], scale: Scale
    ) -> list[str | int]:
        """The operation «sorted»."""
        values: list[str | int] = []
        for candle in candles:
            values += (candle["open_time_ms"], kline_array(candle, scale))
        retention = self._kept * interval_ms(interval)
        return ["sorted", self._keys.candles(symbol, interval), retention, *counted(values)]

    def keys(self, symbol: str, interval: str) -> list[str]:
        """The sorted set."""
        return [self._keys.candles(symbol, interval)]

    def read(
        self, client: "redis.Redis", symbol: str, interval: str, from_ms: int, to_ms: int
    ) -> list[CandleRow]:
        """A range by score."""
        key = self._keys.candles(symbol, interval)
        members: Any = client.zrangebyscore(key, from_ms, to_ms)
        return [CandleRow(*parsed(member)[:6]) for member in members]


FORMS: dict[str, type[TimeSeries] | type[SortedSets]] = {
    TimeSeries.name: TimeSeries,
    SortedSets.name: SortedSets,
}


def _texts(candle: Mapping[str, Any], scale: Scale) -> tuple[str, str, str, str, str]:
    return (
        scale.price(candle["open_ticks"]),
        scale.price(candle["high_ticks"]),
        scale.price(candle["low_ticks"]),
        scale.price(candle["close_ticks"]),
        scale.quantity(candle["volume_lots"]),
    )


def _text(value: float | str | bytes) -> str:
    return f"{float(value):.8f}"
