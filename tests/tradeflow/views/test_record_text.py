"""Records as lines."""

import json

from schemas.codec import encode
from schemas.instruments import load_instruments
from tests.simulation.builders import a_place
from tradeflow.topic_reader import Partition, Record
from tradeflow.views.record_text import human_line, json_line

_INSTRUMENTS = load_instruments(None)
_TRADE = {
    "trade_id": 7,
    "symbol": "BTCUSDT",
    "price_ticks": 6_500_012,
    "quantity_lots": 150,
    "quote_units": 9_750_018,
    "buyer_order_id": 3,
    "seller_order_id": 4,
    "is_buyer_maker": True,
    "command_id": "c",
    "time_ms": 1,
}
_LETTER = {
    "stage": "matching",
    "topic": "orders.incoming",
    "partition": 2,
    "offset": 17,
    "reason": "BAD_MAGIC",
    "detail": "the first byte is 120, not 0",
    "key": b"BTCUSDT",
    "value": b"xyz",
    "time_ms": 1,
}


def _record(value: bytes | None) -> Record:
    headers = (("causation-id", b"orders.incoming/2/17"),)
    return Record(Partition("trades", 1), 5, 1_760_000_000_123, b"BTCUSDT", value, headers)


def test_a_trade_is_said_in_decimals() -> None:
    line = human_line(_record(encode("Trade", _TRADE)), _INSTRUMENTS).plain

    assert line == (
        "08:53:20.123 1/5 BTCUSDT Trade #7 0.00150 sold at 65000.12, buyer's order 3, seller's 4"
    )


def test_the_best_prices_are_told_from_what_stands_there() -> None:
    best = {"symbol": "BTCUSDT", "update_id": 9, "bid_ticks": 6_500_000, "bid_lots": 150}
    nobody = {"ask_ticks": 0, "ask_lots": 0, "time_ms": 1}

    line = human_line(_record(encode("BookTicker", best | nobody)), _INSTRUMENTS).plain

    assert line.endswith("BookTicker 9: bid 65000.00×0.00150")


def test_without_the_instrument_the_numbers_stay_ticks_and_lots() -> None:
    line = human_line(_record(encode("Trade", _TRADE)), {}).plain

    assert "price=6500012 quantity=150" in line


def test_a_dead_letter_shows_its_reason_and_the_original_bytes() -> None:
    line = human_line(_record(encode("DeadLetter", _LETTER)), _INSTRUMENTS).plain

    assert "BAD_MAGIC at orders.incoming/2/17" in line
    assert b"xyz".hex() in line


def test_bytes_that_are_no_record_are_shown_with_the_reason() -> None:
    line = human_line(_record(b"junk"), _INSTRUMENTS).plain

    assert "undecodable (BAD_MAGIC" in line
    assert line.endswith(b"junk".hex())


def test_a_removed_row_says_so() -> None:
    assert human_line(_record(None), _INSTRUMENTS).plain.endswith("BTCUSDT removed")


def test_an_order_says_what_it_has_and_nothing_else() -> None:
    order = a_place(symbol="BTCUSDT", price_ticks=100, quantity_lots=5)

    line = human_line(_record(encode("PlaceOrder", order)), _INSTRUMENTS).plain

    assert "price=1.00" in line
    assert "quantity=0.00005" in line
    assert "stop_price" not in line


def test_json_has_everything() -> None:
    line = json.loads(json_line(_record(encode("DeadLetter", _LETTER))))

    assert (line["topic"], line["partition"], line["offset"]) == ("trades", 1, 5)
    assert line["timestamp"] == 1_760_000_000_123
    assert line["headers"] == {"causation-id": "orders.incoming/2/17"}
    assert (line["key"], line["record"]) == ("BTCUSDT", "DeadLetter")
    assert line["value"]["value"] == b"xyz".hex()


def test_json_of_bytes_that_are_no_record() -> None:
    line = json.loads(json_line(_record(b"junk")))

    assert line["record"] is None
    assert line["value"] == b"junk".hex()
    assert line["fault"].startswith("BAD_MAGIC")
