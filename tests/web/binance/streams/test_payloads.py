"""Numbers and times that payloads are made of."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instruments import load_instruments
from tests.simulation.reference_candles import candles
from web.binance.reply import to_json
from web.binance.streams import payloads

_RULES = load_instruments()["BTCUSDT"]


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**12))
def test_percent_is_rounded_as_one_does_by_hand(part: int, whole: int) -> None:
    exact = Decimal(part) * 100 / Decimal(whole)

    expected = exact.quantize(Decimal("0.001"), ROUND_HALF_UP)

    assert Decimal(payloads.percent(part, whole)) == expected
    assert len(payloads.percent(part, whole).rpartition(".")[2]) == 3


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(0, 5, "0.000"), (-1, 10**9, "0.000"), (5, 0, "0.000"), (-1, 3, "-33.333"), (2, 1, "200.000")],
)
def test_percent_as_text(part: int, whole: int, expected: str) -> None:
    assert payloads.percent(part, whole) == expected


def test_times_in_microseconds_and_the_end_of_a_window_to_its_last_one() -> None:
    trade = {
        "symbol": "BTCUSDT",
        "trade_id": 7,
        "price_ticks": 6_000_000,
        "quantity_lots": 3,
        "quote_units": 18_000_000,
        "is_buyer_maker": True,
        "time_ms": 1_760_000_000_123,
    }
    (candle,) = candles([trade], "1m")

    payload = payloads.kline(_RULES, candle, trade["time_ms"])

    assert to_json(payload, in_microseconds=True) == (
        b'{"e":"kline","E":1760000000123000,"s":"BTCUSDT","k":{"t":1759999980000000,'
        b'"T":1760000039999999,"s":"BTCUSDT","i":"1m","f":7,"L":7,"o":"60000.00000000",'
        b'"c":"60000.00000000","h":"60000.00000000","l":"60000.00000000","v":"0.00003000","n":1,'
        b'"x":true,"q":"0.18000000","V":"0.00000000","Q":"0.00000000","B":"0"}}'
    )


def test_a_side_without_orders_is_zero() -> None:
    assert payloads.book_ticker(_RULES, 5, None, (6_000_001, 2)) == {
        "u": 5,
        "s": "BTCUSDT",
        "b": "0.00000000",
        "B": "0.00000000",
        "a": "60000.01000000",
        "A": "0.00002000",
    }
