"""Candles as clients see them: of any interval, east of Greenwich too, without holes.

The log has candles of windows in which something was traded, on UTC's boundaries.  What is shown is
made of these: longer windows with other boundaries by adding up, and windows in which nothing was
traded by repeating the close before them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

Candle = dict[str, Any]

HOUR_MS = 3_600_000
_DAY_MS = 24 * HOUR_MS
_LENGTHS_MS = {
    "1s": 1_000,
    "1m": 60_000,
    "3m": 3 * 60_000,
    "5m": 5 * 60_000,
    "15m": 15 * 60_000,
    "30m": 30 * 60_000,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": _DAY_MS,
    "3d": 3 * _DAY_MS,
    "1w": 7 * _DAY_MS,
    "1M": 0,
}
_MONDAY_MS = 4 * _DAY_MS
"""The epoch was a Thursday; this is the first Monday."""
_EMPTY_MAX = 1_000
"""Windows without trades that are told at once: after a pause of the clock there may be many."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The windows of an interval, counted ``offset_hours`` east of Greenwich."""

    interval: str
    offset_hours: int = 0

    @property
    def length_ms(self) -> int:
        """0: a calendar month."""
        return _LENGTHS_MS[self.interval]

    @property
    def source(self) -> str:
        """The interval of the log's candles that its windows are made of."""
        shift = self.offset_hours * HOUR_MS
        is_aligned = not shift or (self.length_ms > 0 and shift % self.length_ms == 0)
        return self.interval if is_aligned else "1h"

    def open_ms(self, time_ms: int) -> int:
        """When the window that holds ``time_ms`` begins."""
        shift = self.offset_hours * HOUR_MS
        if not self.length_ms:
            return _month_ms(time_ms + shift) - shift
        phase = (_MONDAY_MS if self.interval == "1w" else 0) - shift
        return time_ms - (time_ms - phase) % self.length_ms

    def end_ms(self, open_ms: int) -> int:
        """When the window that begins at ``open_ms`` is over."""
        # No month has more than 31 days, and 32 days after its first none is over yet.
        return open_ms + self.length_ms if self.length_ms else self.open_ms(open_ms + 32 * _DAY_MS)


def _month_ms(time_ms: int) -> int:
    moment = datetime.fromtimestamp(time_ms / 1_000, UTC)
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int(first.timestamp()) * 1_000


def told_until_ms(newest: Candle, *, last_trade_ms: int, now_ms: int) -> int:
    """Up to which time candles say all that was traded, given the newest of them.

    ``last_trade_ms`` is the last trade before ``now_ms``, by the topic of trades; candles come
    behind it.
    """
    if not newest["is_closed"]:
        opening: int = newest["open_time_ms"]
        return opening
    end: int = newest["close_time_ms"] + 1
    return max(end, now_ms) if last_trade_ms < end else end


def windows(candles: Sequence[Candle], grid: Grid, *, told_until_ms: int) -> list[Candle]:
    """The windows from the first candle's on, without a hole up to ``told_until_ms``.

    ``candles`` are those of the grid's ``source``, by rising openings.
    """
    shown: list[Candle] = []
    grouped = groupby(candles, key=lambda candle: grid.open_ms(candle["open_time_ms"]))
    for open_ms, group in grouped:
        if shown:
            shown += _empty(shown[-1], grid, until_ms=open_ms)
        shown.append(_merged(group, grid, open_ms, told_until_ms))
    if shown:
        shown += _empty(shown[-1], grid, until_ms=told_until_ms)
    return shown


def _merged(group: Iterable[Candle], grid: Grid, open_ms: int, told_until_ms: int) -> Candle:
    first, *others = group
    end_ms = grid.end_ms(open_ms)
    merged = {
        **first,
        "interval": grid.interval,
        "open_time_ms": open_ms,
        "close_time_ms": end_ms - 1,
        "is_closed": end_ms <= told_until_ms,
    }
    for candle in others:
        merged["last_trade_id"] = candle["last_trade_id"]
        merged["close_ticks"] = candle["close_ticks"]
        merged["high_ticks"] = max(merged["high_ticks"], candle["high_ticks"])
        merged["low_ticks"] = min(merged["low_ticks"], candle["low_ticks"])
        for name in _SUMS:
            merged[name] += candle[name]
    return merged


_SUMS = (
    "volume_lots",
    "quote_volume_units",
    "trades",
    "taker_buy_lots",
    "taker_buy_quote_units",
)


def _empty(before: Candle, grid: Grid, *, until_ms: int) -> list[Candle]:
    """The windows behind ``before`` that have begun before ``until_ms``, with nothing in them."""
    open_ms = before["close_time_ms"] + 1
    if grid.length_ms:
        skipped = (until_ms - open_ms) // grid.length_ms - _EMPTY_MAX
        open_ms += max(0, skipped) * grid.length_ms
    price = before["close_ticks"]
    empty = []
    while open_ms < until_ms:
        end_ms = grid.end_ms(open_ms)
        empty.append(
            {
                **before,
                **dict.fromkeys(_SUMS, 0),
                "first_trade_id": -1,
                "last_trade_id": -1,
                **dict.fromkeys(("open_ticks", "high_ticks", "low_ticks", "close_ticks"), price),
                "open_time_ms": open_ms,
                "close_time_ms": end_ms - 1,
                "is_closed": end_ms <= until_ms,
            }
        )
        open_ms = end_ms
    return empty
