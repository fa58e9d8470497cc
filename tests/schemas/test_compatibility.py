"""Which changes of a schema may be published, and what old records become."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.avro import SchemaError, default_value, parse_record
from schemas.careful import HEADER_BYTES, read_record
from schemas.compatibility import breaking, renamed
from schemas.compiled import compile_decoder
from schemas.native import native_decoder
from tests.schemas.strategies import reference_decode, reference_encode, values

INNER = {
    "type": "record",
    "name": "Inner",
    "fields": [
        {"name": "a", "type": "long"},
        {"name": "b", "type": "string", "default": "b"},
    ],
}
OLD: dict[str, Any] = {
    "type": "record",
    "name": "Sample",
    "namespace": "tradeflow",
    "fields": [
        {"name": "key", "type": "string"},
        {"name": "count", "type": "int", "default": 0},
        {"name": "extra", "type": "long", "default": 7},
        {
            "name": "color",
            "type": {
                "type": "enum",
                "name": "Color",
                "symbols": ["NONE", "RED", "BLUE"],
                "default": "NONE",
            },
            "default": "NONE",
        },
        {"name": "inner", "type": INNER},
        {"name": "items", "type": {"type": "array", "items": "Inner"}, "default": []},
    ],
}
Change = Callable[[dict[str, Any]], object]


def field(schema: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(f for f in schema["fields"] if f["name"] == name)
    return found


def changed(change: Change, schema: dict[str, Any] = OLD) -> dict[str, Any]:
    new = copy.deepcopy(schema)
    change(new)
    return new


def add(name: str, kind: object, **rest: object) -> Change:
    return lambda schema: schema["fields"].append({"name": name, "type": kind, **rest})


def remove(name: str) -> Change:
    return lambda schema: schema["fields"].remove(field(schema, name))


def both(*changes: Change) -> Change:
    return lambda schema: [change(schema) for change in changes]


def symbols(*names: str) -> Change:
    return lambda schema: field(schema, "color")["type"].update(symbols=list(names))


def reasons(
    new: dict[str, Any], old: dict[str, Any] = OLD, *, old_readers: bool = True
) -> list[str]:
    before, after = parse_record(old), parse_record(new)
    return breaking(after, before, old_readers=old_readers) + renamed(after, before)


MAY: dict[str, Change] = {
    "nothing": lambda schema: None,
    "a doc": lambda schema: schema.update(doc="Better words."),
    "a field with a default": add("note", "string", default=""),
    "a bytes field with a default": add("raw", "bytes", default="\u00ff"),
    "an array with a default": add("many", {"type": "array", "items": "Inner"}, default=[]),
    "a record with a default": add("one", "Inner", default={"a": 3, "b": ""}),
    "a removed field with a default": remove("extra"),
    "a changed default": lambda schema: field(schema, "extra").update(default=8),
    "another order": lambda schema: schema["fields"].insert(0, schema["fields"].pop(1)),
    "a symbol": symbols("NONE", "RED", "BLUE", "GREEN"),
    "a symbol in front": symbols("GREEN", "NONE", "RED", "BLUE"),
    "a field inside": lambda schema: field(schema, "inner")["type"]["fields"].append(
        {"name": "c", "type": "long", "default": 1}
    ),
}
MAY_NOT: dict[str, tuple[Change, str]] = {
    "a field without a default": (add("note", "string"), "Sample.note: without a default"),
    "a removed field without a default": (remove("key"), "Sample.key: without a default"),
    "another type": (
        lambda schema: field(schema, "extra").update(type="string", default=""),
        "Sample.extra: type long cannot be read as string",
    ),
    "an array for a value": (
        lambda schema: field(schema, "extra").update(
            type={"type": "array", "items": "long"}, default=[]
        ),
        "Sample.extra: type long cannot be read as array of long",
    ),
    "a demotion": (
        lambda schema: field(schema, "extra").update(type="int"),
        "Sample.extra: type long cannot be read as int",
    ),
    "a promotion, for old readers": (
        lambda schema: field(schema, "count").update(type="long"),
        "Sample.count: type long cannot be read as int (for readers of the old version)",
    ),
    "a removed symbol": (symbols("NONE", "RED"), "Sample.color: symbol BLUE may not be removed"),
    "a renamed symbol": (symbols("NONE", "RED", "AZURE"), "Sample.color: symbol BLUE may not be"),
    "a renamed field": (
        both(remove("extra"), add("more", "long", default=0)),
        "Sample.extra: looks renamed to more",
    ),
    "a renamed enum": (
        lambda schema: field(schema, "color")["type"].update(name="Colour"),
        "Sample.color: type Color cannot be read as Colour",
    ),
    "a change inside": (
        lambda schema: field(schema, "inner")["type"]["fields"].append(
            {"name": "c", "type": "long"}
        ),
        "Sample.inner.c: without a default",
    ),
}


@pytest.mark.parametrize("name", MAY)
def test_what_may_be_published(name: str) -> None:
    assert reasons(changed(MAY[name])) == []


@pytest.mark.parametrize("name", MAY_NOT)
def test_what_breaks_a_reader_is_refused(name: str) -> None:
    change, reason = MAY_NOT[name]
    found = reasons(changed(change))
    assert any(line.startswith(reason) for line in found), found


def test_a_promotion_is_fine_where_no_old_reader_is_left() -> None:
    new = changed(lambda schema: field(schema, "count").update(type="long"))
    assert reasons(new, old_readers=False) == []
    assert reasons(OLD, new, old_readers=False) != []


def test_a_symbol_needs_the_default_of_old_readers() -> None:
    old = changed(lambda schema: field(schema, "color")["type"].pop("default"))
    new = changed(symbols("NONE", "RED", "BLUE", "GREEN"), old)
    assert reasons(new, old) == [
        "Sample.color: symbol GREEN is unknown, and there is no default "
        "(for readers of the old version)"
    ]


# fastavro leaves the default of bytes a text.
PAIRS = [
    pair
    for name, change in MAY.items()
    if name != "a bytes field with a default"
    for pair in ((OLD, changed(change)), (changed(change), OLD))
] + [(OLD, changed(lambda schema: field(schema, "count").update(type="long")))]


@pytest.mark.parametrize(("written", "read"), PAIRS)
def test_records_of_other_versions_become_what_fastavro_makes_of_them(
    written: dict[str, Any], read: dict[str, Any]
) -> None:
    writer, reader = parse_record(written), parse_record(read)
    decode = compile_decoder(writer, reader, never)
    # In C too, where that was built and the schema is one for it.
    decode_in_c = native_decoder(writer, reader, never) or decode

    @given(values(writer).filter(short))
    def check(record: dict[str, Any]) -> None:
        data = bytes(HEADER_BYTES) + reference_encode(written, record)
        expected = reference_decode(data[HEADER_BYTES:], written, read)
        assert decode(data) == ("Sample", expected)
        assert decode_in_c(data) == ("Sample", expected)
        assert read_record(data, writer, reader) == expected

    check()


def short(record: dict[str, Any]) -> bool:
    return len(str(record)) < 2000


def never(data: bytes) -> Any:
    raise AssertionError(data)


def test_defaults_are_not_shared_between_records() -> None:
    new = changed(add("many", {"type": "array", "items": "long"}, default=[]))
    writer, reader = parse_record(OLD), parse_record(new)
    data = bytes(HEADER_BYTES) + reference_encode(
        OLD, {"key": "", "inner": {"a": 1, "b": ""}, "color": "NONE"}
    )
    decode = compile_decoder(writer, reader, never)
    for read in (lambda d: decode(d)[1], lambda d: read_record(d, writer, reader)):
        read(data)["many"].append(1)
        assert read(data)["many"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            add("x", ["null", "long"]),
            "Sample.x: a type is a name or an object; unions are not used",
        ),
        (add("x", "double"), "Sample.x: type 'double' is unknown"),
        (add("x", {"type": "map", "values": "long"}), "Sample.x: type 'map' is not one we use"),
        (add("x", "long", aliases=["y"]), "Sample.x: aliases is not used here"),
        (add("x", "long", default="0"), "Sample.x: the default '0' does not fit the type"),
        (add("x", "int", default=1 << 31), "Sample.x: the default"),
        (add("x", "boolean", default=0), "Sample.x: the default"),
        (add("x", "Inner", default={"b": ""}), "Sample.x.a: missing in the default"),
        (add("key", "long"), "Sample.key: named twice"),
        (add("x", {"type": "record", "name": "Empty", "fields": []}), "Empty: a record without"),
        (symbols(), "Color: an enum has 1 to 64 different symbols"),
        (symbols("NONE", "NONE"), "Color: an enum has 1 to 64 different symbols"),
        (symbols("RED"), "Color: the default 'NONE' is none of its symbols"),
        (add("x", copy.deepcopy(INNER)), "Sample.x: Inner is defined twice"),
    ],
)
def test_what_is_not_our_avro_is_refused(change: Change, reason: str) -> None:
    with pytest.raises(SchemaError) as caught:
        parse_record(changed(change))
    assert str(caught.value).startswith(reason)


@given(st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()))
def test_any_json_is_a_schema_or_refused(schema: Any) -> None:
    with pytest.raises(SchemaError):
        parse_record(schema)


def test_a_default_within_a_record_is_filled_in() -> None:
    record = parse_record(changed(add("one", "Inner", default={"a": 3})))
    assert record.fields[-1].default == {"a": 3, "b": "b"}


def test_a_default_of_bytes_is_latin_1() -> None:
    record = parse_record(changed(add("raw", "bytes", default="\u00ff")))
    assert record.fields[-1].default == b"\xff"
    assert default_value(record.fields[0].type, "text", "here") == "text"
