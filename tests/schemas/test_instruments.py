"""Instrument files: the default set, and one line for every kind of bad file."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.amounts import INTEGER_MAX, UNITS_PER_ASSET
from schemas.instruments import DEFAULT_FILE, InstrumentError, load_instruments

ENTRY: dict[str, Any] = json.loads(DEFAULT_FILE.read_text())[0]
MISSING = object()


def written(path: Path, *entries: object) -> Path:
    file = path / "some.json"
    file.write_text(json.dumps(entries))
    return file


def test_the_default_set_is_on_exact_grids() -> None:
    instruments = load_instruments()
    assert list(instruments) == ["BTCUSDT", "ETHUSDT", "LTCUSDT", "BNBBTC"]
    for instrument in instruments.values():
        tick, lot = float(instrument.tick_size), float(instrument.lot_size)
        units = instrument.quote_units_per_tick_lot
        assert units == pytest.approx(tick * lot * UNITS_PER_ASSET)
        largest = instrument.max_price_ticks * instrument.max_quantity_lots * units
        assert 0 < largest <= INTEGER_MAX


def test_decimals_become_integers_on_the_grid(tmp_path: Path) -> None:
    instrument = load_instruments(written(tmp_path, ENTRY))["BTCUSDT"]
    assert instrument.quote_units_per_tick_lot == 10
    assert instrument.base_units_per_lot == 1_000
    assert instrument.max_price_ticks == 100_000_000
    assert instrument.min_notional_units == 500_000_000
    assert instrument.bid_multiplier_down_ppm == 200_000
    assert instrument.taker_rate_ppm == 1_000


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"tick_size": MISSING}, "tick_size: is missing"),
        ({"color": "red"}, "color: is no field of an instrument"),
        ({"tick_size": "0"}, "tick_size: a step must be more than 0"),
        ({"tick_size": 0.01}, "tick_size: 0.01 must be a decimal string"),
        ({"tick_size": "0,01"}, "tick_size: '0,01' is no decimal"),
        ({"lot_size": "0.000000001"}, "lot_size: 0.000000001 has more than 8 decimals"),
        (
            {"tick_size": "0.0001", "lot_size": "0.00001"},
            "tick_size: tick x lot (0.0001 x 0.00001) is not a whole number of 0.00000001",
        ),
        ({"min_price": "0.015"}, "min_price: 0.015 is not a whole number of 0.01"),
        ({"min_price": 1}, "min_price: 1 must be a decimal string"),
        ({"min_price": "1000001"}, "min_price: is more than max_price"),
        ({"price_step": "0.02"}, "min_price: is not a multiple of the step"),
        ({"max_price": "0"}, "max_price: must be more than 0, or amounts could overflow"),
        (
            {"max_iceberg_parts": 0},
            "max_iceberg_parts: must be more than 0, or one command could fill without end",
        ),
        ({"min_quantity": "9001"}, "min_quantity: is more than max_quantity"),
        ({"quantity_step": "0.00002"}, "min_quantity: is not a multiple of the step"),
        ({"market_min_quantity": "101"}, "market_min_quantity: is more than market_max_quantity"),
        ({"min_notional": "9000001"}, "min_notional: is more than max_notional"),
        ({"min_notional": "-5"}, "min_notional: '-5' is no decimal"),
        (
            {"max_notional": "92233720368.54775808"},
            "max_notional: 92233720368.54775808 is too large",
        ),
        (
            {"max_price": "10000000000"},
            "max_quantity: times max_price is beyond 2^63-1 in minor units of the quote asset",
        ),
        (
            {"max_quantity": "92233720368.54776"},
            "max_quantity: is beyond 2^63-1 in minor units",
        ),
        (
            {"market_max_quantity": "1000000"},
            "market_max_quantity: times max_price is beyond 2^63-1 "
            "in minor units of the quote asset",
        ),
        ({"bid_multiplier_down": "6"}, "bid_multiplier_down: is more than bid_multiplier_up"),
        ({"ask_multiplier_up": "0.0000001"}, "ask_multiplier_up: 0.0000001 has more than 6 d"),
        ({"taker_rate": "1.1"}, "taker_rate: 1.1 is more than 1"),
        ({"taker_rate": 0.001}, "taker_rate: 0.001 must be a decimal string"),
        ({"quote_asset": "BTC"}, "quote_asset: BTC is the base asset too"),
        ({"base_asset": ""}, "base_asset: '' must be a name of 1 to 20 characters"),
        ({"base_asset": "A B"}, "base_asset: 'A B' has a character that a name must not have"),
        ({"base_asset": "A:B"}, "base_asset: 'A:B' has a colon: it parts the names in the keys"),
        ({"status": "OPEN"}, "status: 'OPEN' is none of TRADING, HALT, CANCEL_ONLY"),
        ({"max_num_orders": -1}, "max_num_orders: -1 must be a whole number, 0 or more"),
        ({"max_num_orders": True}, "max_num_orders: True must be a whole number, 0 or more"),
        ({"apply_min_notional_to_market": 1}, "apply_min_notional_to_market: 1 must be true or f"),
    ],
)
def test_a_bad_instrument_is_one_precise_line(
    changes: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    entry = {name: value for name, value in (ENTRY | changes).items() if value is not MISSING}
    file = written(tmp_path, entry)
    with pytest.raises(InstrumentError) as caught:
        load_instruments(file)
    assert str(caught.value).startswith(f"{file}: BTCUSDT: {fault}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"{", "not JSON: "),
        (b"\xff\xfe\xff", "not JSON: "),
        (b"[" * 100_000, "not JSON: "),
        (b"{}", "must be a list of at least one instrument"),
        (b"[]", "must be a list of at least one instrument"),
        (b"[5]", "instrument 1: must be an object"),
        (b"[{}]", "instrument 1: apply_max_notional_to_market: is missing"),
        (b'[{"symbol": 5}]', "instrument 1: "),
        (b'[{"symbol": "A\\nB"}]', "A B: "),
        (b'[{"symbol": "A", "status": "HALT", "status": "HALT"}]', "A: status: is there twice"),
    ],
)
def test_a_bad_file_is_one_precise_line(content: bytes, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_bytes(content)
    with pytest.raises(InstrumentError) as caught:
        load_instruments(file)
    assert str(caught.value).startswith(f"{file}: {fault}")
    assert "\n" not in str(caught.value)


def test_a_symbol_is_there_once(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="BTCUSDT: symbol: is there twice"):
        load_instruments(written(tmp_path, ENTRY, ENTRY))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="cannot be read: No such file"):
        load_instruments(tmp_path / "none.json")
