"""Hypothesis strategies for records of any schema, and fastavro as the reference codec."""

import io
from typing import Any

import fastavro
from hypothesis import strategies as st

from schemas.avro import INTEGER_BITS, Array, Enum, Primitive, Record, Type, parse_record
from schemas.registry import read_schemas

SCHEMAS = read_schemas()
NAMES = sorted(SCHEMAS)
REFERENCE: dict[str, Any] = {
    name: fastavro.parse_schema(schema, {}) for name, schema in SCHEMAS.items()
}


def integers(bits: int) -> st.SearchStrategy[int]:
    """All of them, often those where the number of bytes changes."""
    top = (1 << bits - 1) - 1
    edges = [1 << 7 * k + j for k in range(10) for j in (-1, 0) if 7 * k + j in range(bits - 1)]
    near = [sign * (edge + off) for edge in edges for off in (-1, 0, 1) for sign in (1, -1)]
    edge = st.sampled_from([*near, top, -top - 1])
    return st.integers(0, 100) | edge | st.integers(-top - 1, top)


# Lengths around 64 (a second length byte) and 2048 (beyond the codec's tables), and no surrogates.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.builds(
    lambda text, times: text * times,
    st.sampled_from(["a", "é", "漢", "🙂"]),
    st.sampled_from([15, 16, 31, 32, 63, 64, 65, 127, 128, 700, 2047, 2048, 9000]),
)


def values(kind: Type) -> st.SearchStrategy[Any]:
    match kind:
        case Primitive("string"):
            return TEXTS
        case Primitive("bytes"):
            return TEXTS.map(str.encode) | st.binary(max_size=80)
        case Primitive("boolean"):
            return st.booleans()
        case Primitive("long" | "int" as name):
            return integers(INTEGER_BITS[name])
        case Enum():
            return st.sampled_from(kind.symbols)
        case Array():
            return st.lists(values(kind.items), max_size=4)
        case Record():
            return st.fixed_dictionaries({f.name: values(f.type) for f in kind.fields})
    raise AssertionError(kind)


def without_names(kind: Type, value: Any) -> Any:
    """A value with a tuple of its fields, in the schema's order, in place of each record."""
    match kind:
        case Array():
            return [without_names(kind.items, item) for item in value]
        case Record():
            return tuple(without_names(field.type, value[field.name]) for field in kind.fields)
    return value


def records(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return values(parse_record(SCHEMAS[name]))


def reference_encode(schema: Any, record: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, record)
    return out.getvalue()


def reference_decode(body: bytes, writer: Any, reader: Any = None) -> Any:
    stream = io.BytesIO(body)
    record = fastavro.schemaless_reader(stream, writer, reader)
    assert stream.tell() == len(body)
    return record
