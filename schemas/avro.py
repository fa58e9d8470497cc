"""The part of Avro that TradeFlow uses, as a small tree of types, and how to read it from JSON.

The part: records (nested too), arrays, enums with a default, ``string``, ``bytes``, ``long``,
``int`` and ``boolean``.  No unions, maps, floats, aliases or logical types: each would cost time
in the codec or leave room for two readings of one record.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

PrimitiveName = Literal["string", "bytes", "long", "int", "boolean"]

# The symbol's number is one byte on the wire (zigzag: 0…63), so that the codec can look it up.
SYMBOLS_MAX = 64

_RECORD_KEYS = {"type", "name", "namespace", "doc", "fields"}
_FIELD_KEYS = {"name", "type", "default", "doc"}
_ENUM_KEYS = {"type", "name", "namespace", "doc", "symbols", "default"}
_ARRAY_KEYS = {"type", "items"}


class SchemaError(ValueError):
    """A schema that is no Avro, or no Avro that we use; one line that names the place."""


class _Missing:
    """The default of a field that has none."""

    def __repr__(self) -> str:
        return "no default"


NO_DEFAULT = _Missing()


@dataclass(frozen=True, slots=True)
class Primitive:
    name: PrimitiveName


@dataclass(frozen=True, slots=True)
class Enum:
    name: str
    symbols: tuple[str, ...]
    default: str | None
    """What a reader takes a symbol for that it does not know."""


@dataclass(frozen=True, slots=True)
class Array:
    items: "Type"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: "Type"
    default: object
    """The plain value (bytes for ``bytes``, all fields for a record), or NO_DEFAULT."""


@dataclass(frozen=True, slots=True)
class Record:
    name: str
    fields: tuple[Field, ...]


Type: TypeAlias = Primitive | Enum | Array | Record


def parse_record(schema: object) -> Record:
    """The tree of a record's schema as JSON gives it; raises SchemaError."""
    parsed = _parse(schema, {}, "schema")
    if not isinstance(parsed, Record):
        raise SchemaError("schema: not a record")
    return parsed


def _parse(schema: object, named: dict[str, Type], where: str) -> Type:
    if isinstance(schema, str):
        if schema in get_args(PrimitiveName):
            return Primitive(schema)  # type: ignore[arg-type]
        if schema in named:
            return named[schema]
        raise SchemaError(f"{where}: type {schema!r} is unknown here, or not one we use")
    if not isinstance(schema, dict):
        raise SchemaError(f"{where}: a type is a name or an object; unions are not used")
    match schema.get("type"):
        case "record":
            return _parse_record(schema, named, where)
        case "enum":
            return _parse_enum(schema, named, where)
        case "array":
            _only(schema, _ARRAY_KEYS, where)
            return Array(_parse(schema.get("items"), named, f"{where}[]"))
        case other:
            raise SchemaError(f"{where}: type {other!r} is not one we use")


def _parse_record(schema: dict[str, Any], named: dict[str, Type], where: str) -> Record:
    _only(schema, _RECORD_KEYS, where)
    name = _name(schema, named, where)
    fields: dict[str, Field] = {}
    for field in schema.get("fields") or ():
        if not isinstance(field, dict) or not isinstance(field.get("name"), str):
            raise SchemaError(f"{name}: a field has no name")
        place = f"{name}.{field['name']}"
        _only(field, _FIELD_KEYS, place)
        if field["name"] in fields:
            raise SchemaError(f"{place}: named twice")
        kind = _parse(field.get("type"), named, place)
        default = default_value(kind, field["default"], place) if "default" in field else NO_DEFAULT
        fields[field["name"]] = Field(field["name"], kind, default)
    if not fields:
        # An array of records without fields would be any number of items in no bytes.
        raise SchemaError(f"{name}: a record without fields")
    record = Record(name, tuple(fields.values()))
    named[name] = record
    return record


def _parse_enum(schema: dict[str, Any], named: dict[str, Type], where: str) -> Enum:
    _only(schema, _ENUM_KEYS, where)
    name = _name(schema, named, where)
    symbols = schema.get("symbols")
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
        raise SchemaError(f"{name}: symbols must be a list of names")
    if not symbols or len(set(symbols)) != len(symbols) or len(symbols) > SYMBOLS_MAX:
        raise SchemaError(f"{name}: an enum has 1 to {SYMBOLS_MAX} different symbols")
    default = schema.get("default")
    if default is not None and default not in symbols:
        raise SchemaError(f"{name}: the default {default!r} is none of its symbols")
    enum = Enum(name, tuple(symbols), default)
    named[name] = enum
    return enum


def _name(schema: dict[str, Any], named: dict[str, Type], where: str) -> str:
    name = schema.get("name")
    if not isinstance(name, str) or not name.isidentifier():
        raise SchemaError(f"{where}: the type's name must be a plain word")
    if name in named:
        raise SchemaError(f"{where}: {name} is defined twice; use its name alone the second time")
    return name


def _only(schema: dict[str, Any], allowed: set[str], where: str) -> None:
    if unknown := schema.keys() - allowed:
        raise SchemaError(f"{where}: {', '.join(sorted(unknown))} is not used here")


def default_value(kind: Type, default: object, where: str) -> object:
    """A default from JSON as the value a decoder gives; raises SchemaError if it does not fit."""
    match kind:
        case Primitive("string") if isinstance(default, str):
            return default
        case Primitive("bytes") if isinstance(default, str):
            return default.encode("latin-1")  # Avro writes the default of bytes like this
        case Primitive("boolean") if isinstance(default, bool):
            return default
        case Primitive("long" | "int" as name) if type(default) is int:
            if -(1 << INTEGER_BITS[name] - 1) <= default < 1 << INTEGER_BITS[name] - 1:
                return default
        case Enum() if default in kind.symbols:
            return default
        case Array() if default == []:
            return []
        case Record() if isinstance(default, dict):
            return _record_default(kind, default, where)
    raise SchemaError(f"{where}: the default {default!r} does not fit the type")


def _record_default(kind: Record, default: Mapping[str, object], where: str) -> object:
    values = {}
    for field in kind.fields:
        place = f"{where}.{field.name}"
        if field.name in default:
            values[field.name] = default_value(field.type, default[field.name], place)
        elif field.default is NO_DEFAULT:
            raise SchemaError(f"{place}: missing in the default")
        else:
            values[field.name] = field.default
    return values


INTEGER_BITS = {"long": 64, "int": 32}


def without_docs(schema: Any) -> Any:
    """The schema's JSON without its ``doc`` texts: what versions are told apart by."""
    if isinstance(schema, dict):
        # A symbol or a default named "doc" is a value; only the key is dropped.
        return {key: without_docs(value) for key, value in schema.items() if key != "doc"}
    if isinstance(schema, list):
        return [without_docs(item) for item in schema]
    return schema


def fingerprint(schema: Any) -> str:
    """16 hex digits of SHA-256 over the schema without docs.

    Unlike Avro's own fingerprint it counts defaults, which decide what readers see.
    """
    text = json.dumps(without_docs(schema), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
