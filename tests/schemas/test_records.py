"""The typed dictionaries and the Avro schemas say the same."""

import typing
from typing import Any

import pytest

from schemas import audit_records, enums, market_records, records, wallet_records
from schemas.avro import NO_DEFAULT, Array, Enum, Primitive, Record, Type, parse_record
from schemas.registry import read_schemas

SCHEMAS = read_schemas()
NESTED_ONLY = {
    "PriceLevel",
    "AveragePriceMinute",
    "SagaStep",
    "LedgerEntry",
    "AssetBalance",
    "IdRange",
}
SHAPES = {
    name: value
    for module in (records, wallet_records, market_records, audit_records)
    for name, value in vars(module).items()
    if typing.is_typeddict(value)
}
LITERALS = {
    getattr(enums, name): name
    for name in vars(enums)
    if typing.get_origin(getattr(enums, name)) is typing.Literal
}


def typed_dictionaries() -> set[str]:
    return set(SHAPES)


def shape(kind: Type) -> Any:
    """What a Python program sees of a type."""
    match kind:
        case Primitive(name):
            return {"long": int, "int": int, "string": str, "bytes": bytes, "boolean": bool}[name]
        case Enum():
            return getattr(enums, kind.name)
        case Array():
            return list[shape(kind.items)]  # type: ignore[misc]
        case Record():
            return SHAPES[kind.name]


def named_types(kind: Type) -> typing.Iterator[Record | Enum]:
    match kind:
        case Array():
            yield from named_types(kind.items)
        case Enum():
            yield kind
        case Record():
            yield kind
            for field in kind.fields:
                yield from named_types(field.type)


EVERY_NAMED_TYPE = [
    kind for schema in SCHEMAS.values() for kind in named_types(parse_record(schema))
]


def test_each_typed_dictionary_has_a_schema() -> None:
    assert SCHEMAS.keys() == typed_dictionaries() - NESTED_ONLY
    assert {kind.name for kind in EVERY_NAMED_TYPE if isinstance(kind, Record)} == (
        typed_dictionaries()
    )


@pytest.mark.parametrize("name", sorted(typed_dictionaries()))
def test_fields_types_and_order_are_the_same(name: str) -> None:
    expected = list(typing.get_type_hints(SHAPES[name]).items())
    found = [kind for kind in EVERY_NAMED_TYPE if kind.name == name]
    assert found
    for kind in found:
        assert isinstance(kind, Record)
        assert [(field.name, shape(field.type)) for field in kind.fields] == expected


@pytest.mark.parametrize("literal", sorted(LITERALS, key=LITERALS.__getitem__))
def test_symbols_are_the_same(literal: Any) -> None:
    found = [kind for kind in EVERY_NAMED_TYPE if kind.name == LITERALS[literal]]
    assert found
    for kind in found:
        assert isinstance(kind, Enum)
        assert kind.symbols == typing.get_args(literal)
        assert kind.default == "NONE" if "NONE" in kind.symbols else kind.default is not None


def test_one_name_means_one_type_in_all_files() -> None:
    by_name: dict[str, Record | Enum] = {}
    for kind in EVERY_NAMED_TYPE:
        assert by_name.setdefault(kind.name, kind) == kind


def documented(schema: Any, place: str) -> typing.Iterator[str]:
    """The places that have no doc."""
    if isinstance(schema, dict):
        if "name" in schema and not schema.get("doc"):
            yield f"{place}.{schema['name']}"
        for value in schema.values():
            yield from documented(value, f"{place}.{schema.get('name', '')}")
    elif isinstance(schema, list):
        for item in schema:
            yield from documented(item, place)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_everything_is_documented(name: str) -> None:
    assert list(documented(SCHEMAS[name], "")) == []


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_what_a_record_is_about_cannot_be_left_out(name: str) -> None:
    record = parse_record(SCHEMAS[name])
    required = {field.name for field in record.fields if field.default is NO_DEFAULT}
    names = {field.name for field in record.fields}
    assert required >= names & {"command_id", "account_id", "symbol", "time_ms"}
