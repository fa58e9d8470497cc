"""Values as MySQL takes them, beside Decimal and datetime."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mysql.market_rows import candle_key
from connectors.mysql.values import Grid, UnstorableError, amount, moment, rate
from tests.simulation.instruments import an_instrument

_LIMIT = Decimal(10**12)


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_amount_of_64_bits_has_room(units: int) -> None:
    assert Decimal(amount(units)) == Decimal(units) / 10**8


@given(st.integers(-(10**22), 10**22))
def test_an_amount_is_exact_or_refused(units: int) -> None:
    exact = Decimal(units) / 10**8
    if abs(exact) < _LIMIT:
        assert Decimal(amount(units)) == exact
    else:
        with pytest.raises(UnstorableError, match=r"does not fit DECIMAL\(20,8\)"):
            amount(units)


@given(
    st.sampled_from(["0.00000001", "0.01", "0.5", "1", "250"]),
    st.sampled_from(["0.00000001", "0.001", "1", "10"]),
    st.integers(-(2**63), 2**63 - 1),
)
def test_a_price_and_a_quantity_are_exact_or_refused(tick: str, lot: str, steps: int) -> None:
    grid = Grid(an_instrument(tick_size=tick, lot_size=lot))
    for convert, size in ((grid.price, tick), (grid.quantity, lot)):
        exact = steps * Decimal(size)
        if abs(exact) < _LIMIT:
            assert Decimal(convert(steps)) == exact
        else:
            with pytest.raises(UnstorableError):
                convert(steps)


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_rate_is_exact_or_refused(ppm: int) -> None:
    exact = Decimal(ppm) / 10**6
    if abs(exact) < _LIMIT:
        assert Decimal(rate(ppm)) == exact
    else:
        with pytest.raises(UnstorableError):
            rate(ppm)


@given(st.integers(0, 2**53))
def test_a_time_is_exact_none_or_refused(time_ms: int) -> None:
    if time_ms > 253_402_300_799_999:
        with pytest.raises(UnstorableError, match="beyond the year 9999"):
            moment(time_ms)
        return
    text = moment(time_ms)
    if time_ms == 0:
        assert text is None
        return
    assert text is not None
    assert datetime.fromisoformat(text) == datetime(1970, 1, 1) + timedelta(milliseconds=time_ms)


def test_a_candles_key_is_read_as_it_is_written() -> None:
    assert candle_key(b"BTCUSDT 1m 1760000040000") == ("BTCUSDT", "1m", "2025-10-09 08:54:00.000")


@pytest.mark.parametrize("key", [None, b"", b"BTCUSDT", b"a b c", b"\xff 1m 5", b"a b 1 2"])
def test_what_is_no_candles_key_is_refused(key: bytes | None) -> None:
    with pytest.raises(UnstorableError, match="is no candle's key"):
        candle_key(key)
