"""The names of streams: what each of them says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "trade",
    "aggTrade",
    "kline",
    "miniTicker",
    "ticker",
    "rolling",
    "bookTicker",
    "avgPrice",
    "depth",
    "partial",
    "without data",
]
"""``rolling``: tickers of other windows than a day's; ``depth``: changed levels; ``partial``: the
best levels; ``without data``: Binance has such a stream, and here is nothing to tell on it."""

INTERVALS = (
    *("1s", "1m", "3m", "5m", "15m", "30m"),
    *("1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"),
)
SECOND_MS = 1_000
FAST_MS = 100
SLOW_KLINE_MS = 2_000
_LENGTH_MAX = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamName:
    """One name, taken apart."""

    text: str
    kind: Kind
    symbol: str = ""
    """In lower case; "": all symbols."""
    interval: str = ""
    """Of a kline."""
    offset_hours: int = 0
    """How far east of Greenwich a kline's windows are counted."""
    window: str = ""
    """Of a rolling ticker."""
    levels: int = 0
    """Of a partial book."""
    period_ms: int = 0
    """How often it is told; 0: at once."""


_KLINE = re.compile(rf"kline_({'|'.join(INTERVALS)})(@\+08:00)?")
_ROLLING = re.compile(r"ticker_(1h|4h|1d)")
_DEPTH = re.compile(r"depth(5|10|20)?(?:@(100|1000)ms)?")
_ALL = re.compile(r"!(miniTicker|ticker|ticker_(?:1h|4h|1d))@arr(?:@1000ms)?")
_PLAIN: Mapping[str, tuple[Kind, int]] = {
    "trade": ("trade", 0),
    "aggTrade": ("aggTrade", 0),
    "miniTicker": ("miniTicker", SECOND_MS),
    "ticker": ("ticker", SECOND_MS),
    "bookTicker": ("bookTicker", 0),
    "avgPrice": ("avgPrice", SECOND_MS),
    "blockTrade": ("without data", 0),
    "referencePrice": ("without data", 0),
}
# Names of old: a listenKey, or the number that ccxt puts behind the address.
_TAIL = re.compile(r"[A-Za-z0-9_\-]+", re.ASCII)


def parse_stream(text: str) -> StreamName | None:
    """What the name stands for; None: no stream has it."""
    if len(text) > _LENGTH_MAX:
        return None
    if text.startswith("!"):
        return _of_all(text)
    symbol, _, rest = text.partition("@")
    if not symbol or symbol != symbol.lower():
        return None
    if rest in _PLAIN:
        kind, period_ms = _PLAIN[rest]
        return StreamName(text=text, kind=kind, symbol=symbol, period_ms=period_ms)
    return _kline(text, symbol, rest) or _ticker(text, symbol, rest) or _depth(text, symbol, rest)


def is_acceptable(text: str) -> bool:
    """Whether a client may ask for it: a stream's name, or one that only its owner knows."""
    if len(text) > _LENGTH_MAX:
        return False
    return parse_stream(text) is not None or _TAIL.fullmatch(text) is not None


def _of_all(text: str) -> StreamName | None:
    if text == "!bookTicker":
        return StreamName(text=text, kind="bookTicker")
    match = _ALL.fullmatch(text)
    if match is None:
        return None
    name, _, window = match[1].partition("_")
    kind: Kind = "rolling" if window else "miniTicker" if name == "miniTicker" else "ticker"
    return StreamName(text=text, kind=kind, window=window, period_ms=SECOND_MS)


def _kline(text: str, symbol: str, rest: str) -> StreamName | None:
    match = _KLINE.fullmatch(rest)
    if match is None:
        return None
    return StreamName(
        text=text,
        kind="kline",
        symbol=symbol,
        interval=match[1],
        offset_hours=8 if match[2] else 0,
        period_ms=SECOND_MS if match[1] == "1s" else SLOW_KLINE_MS,
    )


def _ticker(text: str, symbol: str, rest: str) -> StreamName | None:
    match = _ROLLING.fullmatch(rest)
    if match is None:
        return None
    return StreamName(
        text=text, kind="rolling", symbol=symbol, window=match[1], period_ms=SECOND_MS
    )


def _depth(text: str, symbol: str, rest: str) -> StreamName | None:
    match = _DEPTH.fullmatch(rest)
    if match is None:
        return None
    return StreamName(
        text=text,
        kind="partial" if match[1] else "depth",
        symbol=symbol,
        levels=int(match[1] or 0),
        period_ms=FAST_MS if match[2] == "100" else SECOND_MS,
    )
