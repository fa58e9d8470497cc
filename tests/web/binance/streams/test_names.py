"""Names of streams: what is made by the rules is read by them, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.binance.streams.names import INTERVALS, StreamName, is_acceptable, parse_stream

_SYMBOLS = st.sampled_from(["btcusdt", "bnbbtc", "1000satsusdt", "币安人生usdt"])
_SPEEDS = {"": 1_000, "@1000ms": 1_000, "@100ms": 100}


@given(_SYMBOLS, st.sampled_from(INTERVALS), st.booleans())
def test_klines(symbol: str, interval: str, is_eastern: bool) -> None:
    text = f"{symbol}@kline_{interval}{'@+08:00' if is_eastern else ''}"

    assert parse_stream(text) == StreamName(
        text=text,
        kind="kline",
        symbol=symbol,
        interval=interval,
        offset_hours=8 if is_eastern else 0,
        period_ms=1_000 if interval == "1s" else 2_000,
    )


@given(_SYMBOLS, st.sampled_from([0, 5, 10, 20]), st.sampled_from(list(_SPEEDS)))
def test_books(symbol: str, levels: int, speed: str) -> None:
    text = f"{symbol}@depth{levels or ''}{speed}"

    assert parse_stream(text) == StreamName(
        text=text,
        kind="partial" if levels else "depth",
        symbol=symbol,
        levels=levels,
        period_ms=_SPEEDS[speed],
    )


@pytest.mark.parametrize(
    ("text", "kind", "symbol", "window", "period_ms"),
    [
        ("btcusdt@trade", "trade", "btcusdt", "", 0),
        ("btcusdt@aggTrade", "aggTrade", "btcusdt", "", 0),
        ("btcusdt@bookTicker", "bookTicker", "btcusdt", "", 0),
        ("!bookTicker", "bookTicker", "", "", 0),
        ("btcusdt@miniTicker", "miniTicker", "btcusdt", "", 1_000),
        ("btcusdt@ticker", "ticker", "btcusdt", "", 1_000),
        ("btcusdt@avgPrice", "avgPrice", "btcusdt", "", 1_000),
        ("btcusdt@ticker_1h", "rolling", "btcusdt", "1h", 1_000),
        ("btcusdt@ticker_1d", "rolling", "btcusdt", "1d", 1_000),
        ("!miniTicker@arr", "miniTicker", "", "", 1_000),
        ("!miniTicker@arr@1000ms", "miniTicker", "", "", 1_000),
        ("!ticker@arr", "ticker", "", "", 1_000),
        ("!ticker_4h@arr", "rolling", "", "4h", 1_000),
        ("btcusdt@blockTrade", "without data", "btcusdt", "", 0),
    ],
)
def test_others(text: str, kind: str, symbol: str, window: str, period_ms: int) -> None:
    parsed = parse_stream(text)

    assert parsed is not None
    assert (parsed.kind, parsed.symbol) == (kind, symbol)
    assert (parsed.window, parsed.period_ms) == (window, period_ms)


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "@trade", "btcusdt@", "btcusdt", "0", "BTCUSDT@trade", "btcusdt@Trade"),
        *("btcusdt@kline_7m", "btcusdt@kline_1h@+07:00", "btcusdt@kline_1h@ 08:00"),
        *("btcusdt@depth7", "btcusdt@depth@0ms", "btcusdt@depth5@1ms", "!ticker", "!kline@arr"),
        *("btcusdt@trade\n", "btcusdt@ticker_2h", "!ticker_2h@arr", "x" * 500 + "@trade"),
    ],
)
def test_names_of_no_stream(text: str) -> None:
    assert parse_stream(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("btcusdt@trade", True),
        ("pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1", True),
        ("0", True),
        ("btcusdt@markPrice", False),
        ("BTCUSDT@trade", False),
        ("not asdfads", False),
        ("", False),
        ("x" * 129, False),
    ],
)
def test_what_a_client_may_ask_for(text: str, expected: bool) -> None:
    assert is_acceptable(text) is expected


@given(st.text() | st.from_regex(r"[a-z!]{0,9}@[a-zA-Z0-9_@+:]{0,20}", fullmatch=True))
def test_never_fails(text: str) -> None:
    parsed = parse_stream(text)

    assert parsed is None or parsed.text == text
    assert is_acceptable(text) or parsed is None
