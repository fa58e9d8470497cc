"""Keys of a symbol as rows, so that what differs is a field, a level or a candle."""

from collections.abc import Mapping
from typing import Any

PRICES, TICKERS, BOOKS, CANDLES, SYMBOLS, SAGAS = (
    "prices",
    "tickers",
    "books",
    "candles",
    "symbols",
    "sagas",
)

Row = dict[str, Any]
Rows = dict[str, dict[str, Row]]
"""By table and by key."""


def rows_of(keys: Mapping[str, Any]) -> Rows:
    """Each field, member, level and candle of these keys."""
    rows: Rows = {name: {} for name in (PRICES, TICKERS, BOOKS, CANDLES)}
    for key, value in keys.items():
        table = rows[table_of(key)]
        for name, content in _parts(key, value):
            # What stands twice where one should be is a row too many.
            while name in table:
                name += " again"
            table[name] = {"value": content}
    return rows


def table_of(key: str) -> str:
    """Which table a key belongs to: candles are named after tickers."""
    kind, _, rest = key.partition(":")
    if kind == "ticker":
        return CANDLES if ":" in rest else TICKERS
    return {"price": PRICES, "orderbook": BOOKS}[kind]


def opening_of(name: str) -> tuple[str, int]:
    """Interval and opening (ms) of a candle's row."""
    key, opening = name.split(" ")[:2]
    return key.split(":")[2], int(opening)


def _parts(key: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        return [(f"{key} {at}", sample) for at, sample in value]
    if isinstance(value, dict) and table_of(key) == CANDLES:
        # A sorted set: what opened when.
        return [(f"{key} {int(at)}", kline) for kline, at in value.items()]
    if isinstance(value, dict):
        return [(f"{key} {field}", content) for field, content in value.items()]
    return [(key, value)]
