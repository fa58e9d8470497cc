"""Decimal strings to integers and back: exact, or refused with the reason."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.amounts import (
    INTEGER_MAX,
    UNITS_PER_ASSET,
    AmountError,
    format_ppm,
    format_steps,
    format_units,
    parse_ppm,
    parse_steps,
    parse_units,
    step_units,
)

AMOUNTS = st.integers(0, INTEGER_MAX)
STEPS = st.sampled_from(["0.00000001", "0.00001", "0.01", "0.05", "1", "25", "1000"])


@given(AMOUNTS)
def test_units_come_back(units: int) -> None:
    assert parse_units(format_units(units)) == units
    assert Decimal(format_units(units)) == Decimal(units) / UNITS_PER_ASSET


@given(AMOUNTS)
def test_parts_per_million_come_back(ppm: int) -> None:
    assert parse_ppm(format_ppm(ppm)) == ppm


@given(st.integers(0, 10**14), STEPS)
def test_steps_come_back(steps: int, size: str) -> None:
    text = format_steps(steps, size)
    assert parse_steps(text, size) == steps
    assert Decimal(text) == steps * Decimal(size)


@given(st.decimals(0, 10**9, places=10), STEPS)
def test_what_is_taken_is_exact_and_what_is_refused_is_not_on_the_grid(
    value: Decimal, size: str
) -> None:
    text = f"{value:f}"
    on_grid = value % Decimal(size) == 0
    try:
        steps = parse_steps(text, size)
    except AmountError as error:
        assert not on_grid
        assert error.reason == ("TOO_PRECISE" if value % Decimal("1e-8") else "OFF_THE_GRID")
    else:
        assert steps * Decimal(size) == value


@given(st.text() | st.floats().map(str) | st.decimals().map(str) | st.integers().map(str))
def test_any_text_is_an_exact_amount_or_refused(text: str) -> None:
    try:
        units = parse_units(text)
    except AmountError as error:
        assert "\n" not in str(error)
    else:
        assert Decimal(units) / UNITS_PER_ASSET == Decimal(text)


def test_negative_amounts_are_formatted() -> None:
    assert format_units(-1) == "-0.00000001"
    assert format_units(-150_000_000) == "-1.50000000"


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1e5", "1.", ".5", " 1", "1\n", "١", "NaN", "1,5", "0x1", "1_0", "1" * 21],
)
def test_not_a_number(text: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_units(text)
    assert caught.value.reason == "NOT_A_NUMBER"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.000000001", "TOO_PRECISE"),
        ("92233720368.54775808", "OVERFLOW"),
        ("99999999999999999999", "OVERFLOW"),
    ],
)
def test_what_does_not_fit(text: str, reason: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_units(text)
    assert caught.value.reason == reason


def test_edges_that_fit() -> None:
    assert parse_units("92233720368.54775807") == INTEGER_MAX
    assert parse_units("1.5000000000000") == 150_000_000
    assert parse_steps("99999999999", "1") == 99_999_999_999


def test_a_step_of_nothing_is_refused() -> None:
    with pytest.raises(AmountError):
        step_units("0.000")
