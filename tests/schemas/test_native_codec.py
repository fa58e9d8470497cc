"""The codec in C takes what is common, gives the same as the codec in Python, and leaves the rest.

`test_codec.py` too runs over it where it was built.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import native
from schemas.avro import parse_record
from schemas.careful import HEADER_BYTES, EncodeError, read_record, write_record
from schemas.native import native_decoder, native_encoder
from schemas.registry import registry
from tests.schemas.strategies import NAMES, records, without_names

pytestmark = pytest.mark.skipif(not native.is_built, reason="the codec in C was not built")

HEADER = b"\0\0\0\0\7"
ANY_RECORD = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), records(name)))


def never(value: object) -> Any:
    raise AssertionError(value)


@given(ANY_RECORD)
def test_every_record_is_done_in_c(named: tuple[str, dict[str, Any]]) -> None:
    name, record = named
    kind = registry().newest[name][1]
    encode, decode = native_encoder(kind, HEADER, never), native_decoder(kind, kind, never)
    assert encode is not None
    assert decode is not None

    data = encode(record)

    assert data == HEADER + write_record(record, kind)
    assert encode(without_names(kind, record)) == data
    assert decode(data) == (name, record)


class Number(IntEnum):
    SEVEN = 7


class Name(StrEnum):
    NONE = "NONE"


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
    "record",
    [
        OrderedDict(CANCEL),
        CANCEL | {"order_id": True},
        CANCEL | {"order_id": 7.0},
        CANCEL | {"order_id": Number.SEVEN},
        CANCEL | {"order_id": 1 << 63},
        CANCEL | {"restriction": Name.NONE},
        CANCEL | {"restriction": []},
        CANCEL | {"symbol": "\ud800"},
        CANCEL | {"symbol": None},
        {},
        (),
        tuple(CANCEL.values())[1:],
        (*CANCEL.values(), 0),
        None,
    ],
)
def test_what_is_uncommon_is_asked_for_whole(record: Any) -> None:
    kind = registry().newest["CancelOrder"][1]
    asked: list[Any] = []

    def careful(record: Mapping[str, Any]) -> bytes:
        asked.append(record)
        return b"the careful way"

    encode = native_encoder(kind, HEADER, careful)
    assert encode is not None

    assert encode(record) == b"the careful way"
    assert len(asked) == 1
    assert asked[0] is record


def test_an_error_of_the_careful_way_comes_through() -> None:
    kind = registry().newest["CancelOrder"][1]
    encode = native_encoder(kind, HEADER, lambda record: write_record(record, kind))
    assert encode is not None
    with pytest.raises(EncodeError, match=r"^CancelOrder\.order_id: missing$"):
        encode({name: value for name, value in CANCEL.items() if name != "order_id"})


class Meddling:
    """A key that runs Python code when it is compared with the name of a field."""

    def __init__(self, name: str, meddle: Callable[[], object]) -> None:
        self._name = name
        self._meddle = meddle

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        self._meddle()
        return False


POINT_LIST = {"type": "array", "items": {"type": "record", "name": "P", "fields": [
    {"name": "x", "type": "long"}]}}  # fmt: skip


def test_a_list_that_shrinks_meanwhile_is_asked_for_whole() -> None:
    kind = record_of({"name": "points", "type": POINT_LIST})
    encode = native_encoder(kind, HEADER, lambda record: b"the careful way")
    assert encode is not None
    points: list[dict[Any, Any]] = []
    points += [{Meddling("x", points.clear): 0, "x": 1} for _ in range(9)]

    assert encode({"points": points}) == b"the careful way"


def test_an_encoder_that_is_called_while_it_encodes_mixes_nothing() -> None:
    kind = record_of({"name": "x", "type": "long"}, {"name": "y", "type": "long"})
    encode = native_encoder(kind, HEADER, lambda record: HEADER + write_record(record, kind))
    assert encode is not None
    inner: list[bytes] = []
    record: dict[Any, Any] = {"x": 1}
    record[Meddling("y", lambda: inner.append(encode({"x": 70, "y": 80})))] = 0
    record["y"] = 2

    assert encode(record) == HEADER + b"\2\4"
    assert set(inner) == {HEADER + write_record({"x": 70, "y": 80}, kind)}


@pytest.mark.parametrize(
    "plan",
    [
        ("nonsense",),
        ("enum",),
        ("enum", 5),
        ("array",),
        ("array", ()),
        ("record", 5),
        ("record", ((5, ("long",)),)),
        ("record", (("a", "long"),), {}),
        ("record", (), 5),
    ],
)
def test_a_wrong_plan_is_refused(plan: Any) -> None:
    for make in (
        lambda: native.Encoder(plan, HEADER, never),
        lambda: native.Decoder(plan, "R", HEADER_BYTES, never),
    ):
        with pytest.raises((TypeError, ValueError)):
            make()


@pytest.mark.parametrize("arguments", [(), ({}, {})])
def test_one_argument_is_wanted(arguments: tuple[Any, ...]) -> None:
    kind = registry().newest["Tick"][1]
    both: list[Callable[..., Any] | None] = [
        native_encoder(kind, HEADER, never),
        native_decoder(kind, kind, never),
    ]
    for function in both:
        assert function is not None
        with pytest.raises(TypeError):
            function(*arguments)


def record_of(*fields: dict[str, Any]) -> Any:
    return parse_record({"type": "record", "name": "R", "namespace": "n", "fields": list(fields)})


COLOUR = {"type": "enum", "name": "Colour", "symbols": ["NONE", "RED", "BLUE"], "default": "NONE"}
FEWER = {"type": "enum", "name": "Colour", "symbols": ["NONE", "BLUE"], "default": "NONE"}
POINT = {"type": "record", "name": "P", "fields": [{"name": "x", "type": "long"}]}
POINTS = {"name": "points", "type": {"type": "array", "items": POINT}}
OLD = record_of(
    {"name": "gone", "type": "string"},
    {"name": "colour", "type": COLOUR},
    POINTS,
    {"name": "b", "type": "bytes"},
)
NEW = record_of(
    {"name": "b", "type": "bytes"},
    {"name": "new", "type": "int", "default": 5},
    {"name": "colour", "type": FEWER},
    POINTS,
)
NEW_LIST = record_of({"name": "more", "type": {"type": "array", "items": "long"}, "default": []})


@given(
    st.text(),
    st.sampled_from(COLOUR["symbols"]),
    st.lists(st.builds(lambda x: {"x": x}, st.integers(-(1 << 63), (1 << 63) - 1)), max_size=3),
    st.binary(),
)
def test_older_records_are_read_as_the_newest(
    gone: str, colour: str, points: list[dict[str, int]], some: bytes
) -> None:
    data = HEADER + write_record({"gone": gone, "colour": colour, "points": points, "b": some}, OLD)
    decode = native_decoder(OLD, NEW, never)
    assert decode is not None

    name, record = decode(data)

    assert (name, record) == ("R", read_record(data, OLD, NEW))
    assert list(record) == ["b", "new", "colour", "points"]


def test_a_default_that_must_be_copied_is_left_to_python() -> None:
    assert native_decoder(OLD, NEW_LIST, never) is None


@given(st.binary(max_size=40))
def test_no_bytes_are_read_that_the_careful_way_refuses(body: bytes) -> None:
    class CarefulError(Exception):
        pass

    def careful(data: bytes) -> Any:
        raise CarefulError

    decode = native_decoder(OLD, NEW, careful)
    assert decode is not None
    data = HEADER + body
    assert len(HEADER) == HEADER_BYTES
    try:
        found = decode(data)
    except CarefulError:
        return
    assert found == ("R", read_record(data, OLD, NEW))
