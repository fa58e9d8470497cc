"""Decimal texts, percentages, JSON and UUIDs: pure, held against slow ways."""

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.redis.candle_series import interval_ms
from connectors.redis.payloads import (
    candle_payload,
    depth_payload,
    kline_array,
    ticker_payload,
    trade_payload,
)
from connectors.redis.saga_uuid import saga_uuid
from connectors.redis.scales import Scale
from connectors.redis.ticker_fields import percent
from schemas.instruments import Instrument, load_instruments
from tests.connectors.redis.reference import INTERVAL_MS, Reference, money

_INSTRUMENTS = load_instruments()
_SYMBOL = "ETHUSDT"
_REFERENCE = Reference(_INSTRUMENTS, form="")
_SCALE = Scale(_INSTRUMENTS[_SYMBOL])
ticks = st.integers(0, 2**40)
lots = st.integers(0, 2**40)
ids = st.integers(0, 2**53)


@given(st.integers(-(2**50), 2**50), st.integers(0, 2**50))
def test_per_cent_is_rounded_half_away_from_zero(change: int, of: int) -> None:
    exact = Decimal(change) * 100 / of if of else Decimal(0)

    # Adding 0 takes the sign from a zero.
    assert percent(change, of) == f"{exact.quantize(Decimal('0.001'), ROUND_HALF_UP) + 0:f}"


@given(st.integers(-(2**62), 2**62), ticks, lots)
def test_amounts_have_eight_decimals(units: int, price: int, quantity: int) -> None:
    assert _SCALE.money(units) == money(units)
    assert _SCALE.price(price) == _REFERENCE.price(_SYMBOL, price)
    assert _SCALE.quantity(quantity) == _REFERENCE.quantity(_SYMBOL, quantity)


@given(ids, ticks, lots, st.booleans())
def test_a_trade_is_told_as_json(number: int, price: int, quantity: int, maker: bool) -> None:
    trade = {
        "symbol": _SYMBOL,
        "trade_id": number,
        "price_ticks": price,
        "quantity_lots": quantity,
        "is_buyer_maker": maker,
        "time_ms": 12,
    }

    assert json.loads(trade_payload(trade, _SCALE)) == {
        "e": "trade",
        "E": 12,
        "s": _SYMBOL,
        "t": number,
        "p": _REFERENCE.price(_SYMBOL, price),
        "q": _REFERENCE.quantity(_SYMBOL, quantity),
        "T": 12,
        "m": maker,
    }


levels = st.lists(st.fixed_dictionaries({"price_ticks": ticks, "quantity_lots": lots}), max_size=4)


@given(levels, levels)
def test_depth_is_told_as_json(bids: list[dict[str, int]], asks: list[dict[str, int]]) -> None:
    update = {
        "symbol": _SYMBOL,
        "first_update_id": 4,
        "last_update_id": 9,
        "bids": bids,
        "asks": asks,
        "time_ms": 12,
    }

    assert json.loads(depth_payload(update, _SCALE)) == {
        "e": "depthUpdate",
        "E": 12,
        "s": _SYMBOL,
        "U": 4,
        "u": 9,
        "b": _pairs(bids),
        "a": _pairs(asks),
    }


def _pairs(side: list[dict[str, int]]) -> list[list[str]]:
    return [
        [
            _REFERENCE.price(_SYMBOL, level["price_ticks"]),
            _REFERENCE.quantity(_SYMBOL, level["quantity_lots"]),
        ]
        for level in side
    ]


@given(st.lists(st.integers(1, 2**40), min_size=11, max_size=11), st.booleans())
def test_a_candle_is_told_and_kept_as_json(numbers: list[int], closed: bool) -> None:
    names = (
        "first_trade_id",
        "last_trade_id",
        "open_ticks",
        "high_ticks",
        "low_ticks",
        "close_ticks",
        "volume_lots",
        "quote_volume_units",
        "trades",
        "taker_buy_lots",
        "taker_buy_quote_units",
    )
    candle: dict[str, Any] = dict(zip(names, numbers, strict=True)) | {
        "symbol": _SYMBOL,
        "interval": "15m",
        "open_time_ms": 900_000,
        "close_time_ms": 1_799_999,
        "is_closed": closed,
    }
    prices = {
        name: _REFERENCE.price(_SYMBOL, candle[f"{name}_ticks"])
        for name in ("open", "high", "low", "close")
    }
    volume = _REFERENCE.quantity(_SYMBOL, candle["volume_lots"])
    taken = _REFERENCE.quantity(_SYMBOL, candle["taker_buy_lots"])
    quote, taken_quote = money(candle["quote_volume_units"]), money(candle["taker_buy_quote_units"])

    assert json.loads(candle_payload(candle, _SCALE, 77)) == {
        "e": "kline",
        "E": 77,
        "s": _SYMBOL,
        "k": {
            "t": 900_000, "T": 1_799_999, "s": _SYMBOL, "i": "15m",
            "f": candle["first_trade_id"], "L": candle["last_trade_id"],
            "o": prices["open"], "c": prices["close"], "h": prices["high"], "l": prices["low"],
            "v": volume, "n": candle["trades"], "x": closed, "q": quote,
            "V": taken, "Q": taken_quote,
        },
    }  # fmt: skip
    assert json.loads(kline_array(candle, _SCALE)) == [
        900_000, prices["open"], prices["high"], prices["low"], prices["close"], volume, 1_799_999,
        quote, candle["trades"], taken, taken_quote, "0",
    ]  # fmt: skip


def test_symbols_are_escaped() -> None:
    rules = _INSTRUMENTS[_SYMBOL]
    fields = {name: getattr(rules, name) for name in Instrument.__slots__}
    odd = Scale(Instrument(**{**fields, "symbol": 'A"B\\'}))

    told = json.loads(ticker_payload("bookTicker", {"symbol": 'A"B\\', "a": 1, "b": "2"}, odd))

    assert told == {"e": "bookTicker", "symbol": 'A"B\\', "a": 1, "b": "2"}


def test_intervals_have_their_length() -> None:
    assert {name: interval_ms(name) for name in INTERVAL_MS} == INTERVAL_MS


@given(st.text(), st.text(), st.text(), st.text())
def test_a_saga_has_its_own_uuid(account: str, saga: str, account2: str, saga2: str) -> None:
    one, other = saga_uuid(account, saga), saga_uuid(account2, saga2)

    assert (one == other) == ((account, saga) == (account2, saga2))
    assert one == saga_uuid(account, saga)


def test_the_uuid_of_a_saga_stays_what_it_is() -> None:
    assert saga_uuid("alice", "command-1") == "adc21d18-fe1c-5547-b67f-3ba4cc99565d"
