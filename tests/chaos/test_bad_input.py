"""Input that cannot be understood becomes a dead letter; its neighbours are matched."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from schemas.codec import decode, encode
from schemas.topics import MATCHING_DEAD_LETTERS, MESSAGE_BYTES_MAX
from tests.chaos.exchange import Exchange
from tests.simulation.builders import a_place

pytestmark = pytest.mark.timeout(180)

SYMBOL = "EEEUSD"


def _command(**changes: object) -> bytes:
    return encode("PlaceOrder", a_place(symbol=SYMBOL, **changes))


@dataclass(frozen=True)
class Bad:
    """An input and the reason that its dead letter must give."""

    reason: str
    value: Callable[[], bytes | None]
    key: str | None = SYMBOL


BAD = {
    "random bytes": Bad("BAD_MAGIC", lambda: b"\x7f" + os.urandom(64)),
    "no bytes": Bad("EMPTY", lambda: b""),
    "a tombstone": Bad("EMPTY", lambda: None),
    "truncated Avro": Bad("TRUNCATED", lambda: _command()[:-3]),
    "more than one record": Bad("TRAILING_BYTES", lambda: _command() + b"\x00"),
    "an unknown schema id": Bad("UNKNOWN_SCHEMA_ID", lambda: b"\x00\x7f\xff\xff\xff" + b"x" * 9),
    "a varint beyond 64 bits": Bad("VARINT_TOO_LONG", lambda: _tick(b"\xff" * 10 + b"\x01")),
    "a record that is no command": Bad("UNEXPECTED_RECORD", lambda: _level()),
    "a record without a key": Bad("MISSING_KEY", lambda: _command(), key=None),
    "another symbol's key": Bad("KEY_MISMATCH", lambda: _command(), key="AAAUSD"),
    "a text beyond its limit": Bad(
        "IMPOSSIBLE_VALUE", lambda: _command(client_order_id="x" * 1_000)
    ),
    "a time before the epoch": Bad("IMPOSSIBLE_VALUE", lambda: _command(time_ms=-1)),
    "a time far ahead of the log": Bad(
        "IMPOSSIBLE_VALUE", lambda: _command(time_ms=int(time.time() * 1_000) + 600_000)
    ),
    "a record at the size limit": Bad(
        "IMPOSSIBLE_VALUE", lambda: _command(client_order_id="x" * (MESSAGE_BYTES_MAX - 1_000))
    ),
}


def _tick(varint: bytes) -> bytes:
    return encode("Tick", {"time_ms": 0})[:5] + varint


def _level() -> bytes:
    row = {"symbol": SYMBOL, "order_id": 1, "account_id": "a", "client_order_id": "c"}
    return encode("ClosedOrderRow", {**row, "closed_ms": 1})


def test_bad_input_becomes_dead_letters_and_neighbours_are_matched(exchange: Exchange) -> None:
    worker = exchange.start_worker(0)
    sent: list[tuple[Bad, bytes | None]] = []
    before = exchange.expected_letters
    for bad in BAD.values():
        exchange.feed(3)
        value = bad.value()
        exchange.send_raw(bad.key, value)
        exchange.expected_letters += 1
        sent.append((bad, value))
    exchange.feed(3)

    exchange.verify()  # neighbours, and how many letters there are

    letters = [
        record
        for message in exchange.outputs(MATCHING_DEAD_LETTERS.name)
        for _, record in [decode(message.value())]
    ]
    assert before <= len(letters)
    for bad, value in sent:
        found = [r for r in letters if r["value"] == (value or b"") and r["reason"] == bad.reason]
        assert found, f"no dead letter {bad.reason}"
        assert found[-1]["stage"] == "matching"
        assert found[-1]["key"] == (bad.key or "").encode()
    worker.stop()
