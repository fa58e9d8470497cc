"""The newest candles of each symbol and interval, in the form that the server keeps them in."""

import json
from collections import defaultdict
from typing import Any

from tradeflow.checking.stores.redis.texts import Texts, money

Keys = dict[str, Any]

TIME_SERIES, SORTED_SETS = "time series", "sorted sets"
FIELDS = ("open", "high", "low", "close", "volume")

INTERVAL_MS = {
    "1s": 1_000,
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": 86_400_000,
    "3d": 259_200_000,
    "1w": 604_800_000,
    # A month at its longest.
    "1M": 2_678_400_000,
}
_SLACK = 200
"""So many candles too old may stay for a moment: looking for them costs each time as much."""


class NewestCandles:
    """Of each series what opened within the last ``kept`` intervals before its newest one."""

    def __init__(self, texts: Texts, *, form: str, kept: int) -> None:
        self._texts = texts
        self._form = form
        self._kept = kept
        self._series: defaultdict[tuple[str, str], dict[int, tuple[str, ...]]] = defaultdict(dict)

    def take(self, candle: Any) -> None:
        """The next word on a window."""
        series = self._series[candle["symbol"], candle["interval"]]
        series[candle["open_time_ms"]] = self._values(candle)
        if len(series) > self._kept + _SLACK:
            self._forget_old(candle["interval"], series)

    def intervals(self, symbol: str) -> set[str]:
        """Those that a symbol has candles of."""
        return {interval for name, interval in self._series if name == symbol}

    def symbols(self) -> set[str]:
        """Those that have candles."""
        return {symbol for symbol, _ in self._series}

    def keys(self, symbol: str) -> Keys:
        """Keys and values of all series of a symbol."""
        keys: Keys = {}
        for interval in self.intervals(symbol):
            series = self._series[symbol, interval]
            self._forget_old(interval, series)
            name, in_order = f"ticker:{symbol}:{interval}", sorted(series)
            if self._form == SORTED_SETS:
                keys[name] = {series[at][0]: float(at) for at in in_order}
                continue
            for place, field in enumerate(FIELDS):
                key = name if field == "close" else f"{name}:{field}"
                keys[key] = [(at, float(series[at][place])) for at in in_order]
        return keys

    def _forget_old(self, interval: str, series: dict[int, tuple[str, ...]]) -> None:
        oldest = max(series) - self._kept * INTERVAL_MS[interval]
        for opening in [at for at in series if at < oldest]:
            del series[opening]

    def _values(self, candle: Any) -> tuple[str, ...]:
        symbol = candle["symbol"]
        prices = [
            self._texts.price(symbol, candle[f"{field}_ticks"])
            for field in ("open", "high", "low", "close")
        ]
        volume = self._texts.quantity(symbol, candle["volume_lots"])
        if self._form == TIME_SERIES:
            return (*prices, volume)
        row = [
            candle["open_time_ms"],
            *prices,
            volume,
            candle["close_time_ms"],
            money(candle["quote_volume_units"]),
            candle["trades"],
            self._texts.quantity(symbol, candle["taker_buy_lots"]),
            money(candle["taker_buy_quote_units"]),
            "0",
        ]
        return (json.dumps(row, separators=(",", ":")),)
