"""The codec against fastavro, and against bytes and values that are wrong."""

import math
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import compiled
from schemas.careful import HEADER_BYTES, read_record, write_record
from schemas.codec import DecodeError, EncodeError, decode, encode, encoder
from schemas.compiled import compile_decoder, compile_encoder
from schemas.registry import registry
from tests.schemas.strategies import (
    NAMES,
    REFERENCE,
    records,
    reference_decode,
    reference_encode,
    without_names,
)

ANY_RECORD = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), records(name)))
FIELDS = {name: [f.name for f in kind.fields] for name, (_, kind) in registry().newest.items()}
REASONS = {
    "EMPTY",
    "BAD_MAGIC",
    "UNKNOWN_SCHEMA_ID",
    "TRUNCATED",
    "TRAILING_BYTES",
    "BAD_ENUM",
    "BAD_BOOLEAN",
    "BAD_UTF8",
    "BAD_BLOCK",
    "NEGATIVE_LENGTH",
    "VARINT_TOO_LONG",
}


def header(name: str) -> bytes:
    return b"\0" + struct.pack(">I", registry().newest[name][0])


def tick(body: bytes) -> bytes:
    return header("Tick") + body


@pytest.mark.parametrize("name", NAMES)
def test_same_bytes_and_values_as_fastavro(name: str) -> None:
    @given(records(name))
    def check(record: dict[str, Any]) -> None:
        data = encode(name, record)
        assert data == header(name) + reference_encode(REFERENCE[name], record)
        assert decode(data) == (name, record)
        assert list(decode(data)[1]) == FIELDS[name]
        assert reference_decode(data[HEADER_BYTES:], REFERENCE[name]) == record

    check()


@given(ANY_RECORD)
def test_the_careful_way_and_the_fast_way_agree(named: tuple[str, dict[str, Any]]) -> None:
    name, record = named
    kind = registry().newest[name][1]
    data = encode(name, record)
    assert write_record(record, kind) == data[HEADER_BYTES:]
    assert read_record(data, kind, kind) == record


@given(ANY_RECORD)
def test_a_record_may_be_given_by_its_fields_alone(named: tuple[str, dict[str, Any]]) -> None:
    name, record = named
    kind = registry().newest[name][1]
    fields = without_names(kind, record)
    assert encode(name, fields) == encode(name, record)
    assert write_record(fields, kind) == write_record(record, kind)
    assert write_record(Fields(fields), kind) == write_record(record, kind)


class Fields(tuple[Any, ...]):
    """As a NamedTuple is one."""


def texts_in(value: Any) -> Iterator[str]:
    """All texts, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


@given(ANY_RECORD)
def test_the_fast_way_is_taken(named: tuple[str, dict[str, Any]]) -> None:
    """Ordinary records never need the careful way, which would hide that the fast one is wrong."""

    def never(value: object) -> Any:
        raise AssertionError(value)

    name, record = named
    longest = max((len(text.encode()) for text in texts_in(record)), default=0)
    kind = registry().newest[name][1]
    if longest < 2048:
        encode_it = compile_encoder(kind, header(name), never)
        data = encode_it(record)
        assert encode_it(without_names(kind, record)) == data
        assert compile_decoder(kind, kind, never)(data) == (name, record)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    name, record = draw(ANY_RECORD)
    data = bytearray(encode(name, record))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["set", "cut", "insert", "delete"])):
            case "set":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del data[at:]
            case "insert":
                data[at:at] = draw(st.binary(max_size=12))
            case "delete":
                del data[at : at + draw(st.integers(1, 4))]
    return bytes(data)


def body_of_any_record(body: bytes, name: str) -> bytes:
    return header(name) + body


@given(damaged() | st.binary() | st.builds(body_of_any_record, st.binary(), st.sampled_from(NAMES)))
def test_no_bytes_raise_anything_else_or_are_read_wrongly(data: bytes) -> None:
    try:
        name, record = decode(data)
    except DecodeError as error:
        assert error.reason in REASONS
        assert error.detail
    else:
        assert reference_decode(data[HEADER_BYTES:], REFERENCE[name]) == record


ORDER_ID_END = b"\2c\2a\2s"  # a CancelOrder up to its order id


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "EMPTY"),
        (b"\1\0\0\0\1", "BAD_MAGIC"),
        (b"\0", "TRUNCATED"),
        (b"\0\0\0\0", "TRUNCATED"),
        (b"\0\0\0\0\0", "UNKNOWN_SCHEMA_ID"),
        (b"\0\xff\xff\xff\xff\0", "UNKNOWN_SCHEMA_ID"),
        (tick(b""), "TRUNCATED"),
        (tick(b"\x80"), "TRUNCATED"),
        (tick(b"\x80" * 9), "TRUNCATED"),
        (tick(b"\x80" * 9 + b"\x02"), "VARINT_TOO_LONG"),
        (tick(b"\x80" * 10 + b"\x00"), "VARINT_TOO_LONG"),
        (tick(b"\0\0"), "TRAILING_BYTES"),
        (header("CancelOrder") + b"\1c", "NEGATIVE_LENGTH"),
        (header("CancelOrder") + b"\xff\xff\x03", "NEGATIVE_LENGTH"),
        (header("CancelOrder") + b"\x81\1" + b"c" * 64 + b"\0" * 7, "NEGATIVE_LENGTH"),
        (header("CancelOrder") + b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", "TRUNCATED"),
        (header("CancelOrder") + b"\4c\xff\2a\2s\0\0\0\0\0", "BAD_UTF8"),
        (header("CancelOrder") + ORDER_ID_END + b"\0\0\0\6\0", "BAD_ENUM"),
        (header("CancelOrder") + ORDER_ID_END + b"\0\0\0\1\0", "BAD_ENUM"),
        (header("DepthUpdate") + b"\2s\0\0\1\1\0\0\0\0\0\0", "BAD_BLOCK"),
        (header("DepthUpdate") + b"\2s\0\0\1\2\0\0\0\0\0\0", "BAD_BLOCK"),
        (header("DepthUpdate") + b"\2s\0\0" + b"\xfe" * 9 + b"\1" + b"\0" * 50, "TRUNCATED"),
        (header("Trade") + b"\0\2s\0\0\0\0\0\1\2c\0\0", "TRAILING_BYTES"),
        (header("Trade") + b"\0\2s\0\0\0\0\0\2\2c\0", "BAD_BOOLEAN"),
        (header("DeadLetter") + b"\0\0\x80\x80\x80\x80\x10\0\0\0\0\0\0", "VARINT_TOO_LONG"),
    ],
)
def test_each_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.reason == reason
    assert isinstance(caught.value, ValueError)


def test_a_block_with_its_size_is_read() -> None:
    """Other writers may put a negative count and the block's size in front."""
    body = b"\2s\0\0" + b"\3\x08\2\4\6\x08" + b"\0\0" + b"\2c\0"
    expected = {
        "symbol": "s",
        "first_update_id": 0,
        "last_update_id": 0,
        "bids": [
            {"price_ticks": 1, "quantity_lots": 2},
            {"price_ticks": 3, "quantity_lots": 4},
        ],
        "asks": [],
        "command_id": "c",
        "time_ms": 0,
    }
    assert decode(header("DepthUpdate") + body) == ("DepthUpdate", expected)


@given(st.integers() | st.floats() | st.booleans() | st.none() | st.text() | st.binary())
@example(1 << 63)
@example(-(1 << 63) - 1)
@example(math.nan)
@example(math.inf)
@example(2.0**63)
@example("5")
def test_a_number_is_written_as_it_is_or_refused(value: Any) -> None:
    for _ in range(2):  # the second time the number may come from the table
        try:
            data = encode("Tick", {"time_ms": value})
        except EncodeError as error:
            assert "Tick.time_ms" in str(error)
            assert not (isinstance(value, int) and -(1 << 63) <= value < 1 << 63)
        else:
            assert decode(data)[1]["time_ms"] == value


CANCEL: dict[str, Any] = {
    "command_id": "c",
    "account_id": "a",
    "symbol": "S",
    "order_id": 7,
    "original_client_order_id": "",
    "client_order_id": "x",
    "restriction": "NONE",
    "hold_id": "",
    "time_ms": 1,
}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("restriction", "ONLY_OLD", "CancelOrder.restriction: 'ONLY_OLD' is no CancelRestriction"),
        ("restriction", [], "CancelOrder.restriction: [] is no CancelRestriction"),
        ("symbol", b"S", "CancelOrder.symbol: b'S' is no string"),
        ("symbol", None, "CancelOrder.symbol: None is no string"),
        ("symbol", "\ud800", r"CancelOrder.symbol: '\ud800' is no Unicode text"),
        ("order_id", 1 << 63, f"CancelOrder.order_id: {1 << 63} is beyond 64 bits"),
        ("order_id", "7", "CancelOrder.order_id: '7' is no integer"),
        ("order_id", 7.5, "CancelOrder.order_id: 7.5 is no integer"),
    ],
)
def test_what_does_not_fit_is_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode("CancelOrder", CANCEL | {field: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((), "Tick: 0 fields, not 1"),
        ((1, 2), "Tick: 2 fields, not 1"),
        (("1",), "Tick.time_ms: '1' is no integer"),
    ],
)
def test_fields_alone_must_fit_too(fields: tuple[Any, ...], message: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode("Tick", fields)
    assert str(caught.value) == message


def test_a_level_of_too_many_fields_is_refused() -> None:
    update = ("S", 1, 1, [(100, 5), (99, 5, 0)], [], "c", 1)
    with pytest.raises(EncodeError, match=r"^DepthUpdate\.bids\[1\]: 3 fields, not 2$"):
        encode("DepthUpdate", update)


def test_a_missing_field_is_refused_even_with_a_default() -> None:
    del (record := dict(CANCEL))["order_id"]
    with pytest.raises(EncodeError, match=r"^CancelOrder\.order_id: missing$"):
        encode("CancelOrder", record)


@pytest.mark.parametrize("record", [None, [], "text", 5])
def test_what_is_no_record_is_refused(record: Any) -> None:
    with pytest.raises(EncodeError):
        encode("CancelOrder", record)


@pytest.mark.parametrize(
    "bids", ["ab", None, {"price_ticks": 1}, [1], [{"price_ticks": 1}], "", {}, b""]
)
def test_a_bad_array_is_refused(bids: Any) -> None:
    record = {"symbol": "S", "first_update_id": 1, "last_update_id": 1, "asks": [], "bids": bids}
    with pytest.raises(EncodeError, match=r"^DepthUpdate\.bids"):
        encode("DepthUpdate", record | {"command_id": "c", "time_ms": 1})


@pytest.mark.parametrize(
    ("field", "value"),
    [("partition", 1 << 31), ("value", "text"), ("value", memoryview(b"1234").cast("i"))],
)
def test_bytes_and_small_integers_are_checked(field: str, value: Any) -> None:
    record = {
        "stage": "s",
        "topic": "t",
        "partition": 0,
        "offset": 0,
        "reason": "r",
        "detail": "",
        "key": b"",
        "value": b"",
        "time_ms": 0,
    }
    with pytest.raises(EncodeError, match=rf"^DeadLetter\.{field}: "):
        encode("DeadLetter", record | {field: value})


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(EncodeError, match="no such record"):
        encoder("Nonsense")


def test_memory_is_bounded() -> None:
    encode_tick = encoder("Tick")
    for time_ms in range(3 * compiled._LONGS_MAX):
        encode_tick({"time_ms": time_ms})
    assert len(compiled._LONGS) <= compiled._LONGS_MAX
