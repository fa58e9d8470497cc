"""What traded from some moment until now, of as few candles as there can be."""

from dataclasses import dataclass

from web.state.history import History, Record
from web.state.markets import SymbolMarket
from web.state.traded_sums import Sums
from web.state.windows import LENGTHS_MS

_LADDER = ("1m", "15m", "1h")
"""The shorter ones lead to a boundary of the next; memory holds a week of quarters."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sums from ``open_ms`` on."""

    open_ms: int
    sums: Sums


async def stretch_since(
    market: SymbolMarket, history: History, open_ms: int, now_ms: int
) -> Stretch:
    """What traded since a whole minute.

    Where the minutes at the beginning are forgotten it begins earlier, on a quarter or an hour: the
    answer says when.
    """
    candles: list[Record] = []
    at_ms = open_ms
    for interval, longer in zip(_LADDER, (*_LADDER[1:], None), strict=True):
        until_ms = now_ms + 1
        if longer is not None:
            until_ms = min(until_ms, -(-at_ms // LENGTHS_MS[longer]) * LENGTHS_MS[longer])
        if at_ms >= until_ms:
            continue
        found = await _candles(market, history, interval, at_ms, until_ms - 1)
        if found is None and longer is not None:
            open_ms = at_ms = open_ms - open_ms % LENGTHS_MS[longer]
            candles = []
            continue
        if found is None:
            series = market.candle_series(interval)
            found = series.between(at_ms, now_ms)
            open_ms = max(open_ms, found[0]["open_time_ms"]) if found else open_ms
        candles += found
        at_ms = until_ms
    return Stretch(open_ms, _sums(market, candles, open_ms))


async def _candles(
    market: SymbolMarket, history: History, interval: str, first_ms: int, last_ms: int
) -> list[Record] | None:
    """Candles that open in this time; None where some of them are forgotten."""
    series = market.candle_series(interval)
    oldest = series.oldest()
    found = series.between(first_ms, last_ms)
    if oldest is None or series.is_whole or oldest["open_time_ms"] <= first_ms:
        return found
    oldest_ms = oldest["open_time_ms"]
    older = await history.candles(
        market.instrument.symbol,
        interval,
        first_ms=first_ms,
        last_ms=min(last_ms, oldest_ms - 1),
        reached_ms=oldest_ms,
    )
    if not older:
        return None
    return [each for each in older if each["open_time_ms"] >= first_ms] + found


def _sums(market: SymbolMarket, candles: list[Record], open_ms: int) -> Sums:
    """Of candles and of the trades since they were told."""
    sums = Sums()
    for candle in candles:
        sums.add_candle(candle)
    since = market.trades_after(sums.last_trade_id)
    if sums.trades and since and since[0]["trade_id"] != sums.last_trade_id + 1:
        # Some between them are forgotten, and the next candles will tell of all.
        return sums
    for trade in since:
        if trade["time_ms"] >= open_ms:
            sums.add_trade(trade)
    return sums
