"""Plans for the codec in C: what ``native_codec`` needs to know of a record's schema.

`make compile` builds it; elsewhere ``schemas.compiled`` makes encoders and decoders in Python that
give the same bytes and records.  A plan is a tuple of a kind's name and what belongs to it: the
symbols of an enum, the items of an array, the fields of a record.
"""

from typing import Any

from schemas.avro import Array, Enum, Primitive, Record, Type
from schemas.careful import HEADER_BYTES, reader_symbol
from schemas.compiled import Decode, Encode

try:
    from schemas.native_codec import Decoder, Encoder
except ImportError:
    is_built = False
else:
    is_built = True

Plan = tuple[Any, ...]


def native_encoder(kind: Record, header: bytes, careful: Encode) -> Encode | None:
    """A function from a record to header and body; None where the C codec was not built."""
    if not is_built:
        return None
    return Encoder(_encoding(kind), header, careful)


def native_decoder(writer: Record, reader: Record, careful: Decode) -> Decode | None:
    """A function from header and body to name and record; None as above, or where each
    record needs a copy of a default.
    """
    if not is_built or _needs_copies(writer, reader):
        return None
    return Decoder(_decoding(writer, reader), reader.name, HEADER_BYTES, careful)


def _encoding(kind: Type) -> Plan:
    match kind:
        case Primitive(name):
            return (name,)
        case Enum():
            return "enum", {symbol: number for number, symbol in enumerate(kind.symbols)}
        case Array():
            return "array", ((None, _encoding(kind.items)),)
        case Record():
            return "record", tuple((field.name, _encoding(field.type)) for field in kind.fields)


def _decoding(writer: Type, reader: Type | None) -> Plan:
    """How to read what ``writer`` wrote; ``reader`` is None for what nobody wants any more."""
    match writer:
        case Primitive(name):
            return (name,)
        case Enum():
            known = reader if isinstance(reader, Enum) else writer
            return "enum", tuple(reader_symbol(symbol, known) for symbol in writer.symbols)
        case Array():
            items = reader.items if isinstance(reader, Array) else None
            return "array", ((None, _decoding(writer.items, items)),)
        case Record():
            wanted = {f.name: f for f in reader.fields} if isinstance(reader, Record) else {}
            fields = tuple(
                (field.name, _decoding(field.type, wanted[field.name].type))
                if field.name in wanted
                else (None, _decoding(field.type, None))
                for field in writer.fields
            )
            written = {field.name for field in writer.fields}
            # All keys in the reader's order, to be copied and filled.
            blank = {
                name: None if name in written else field.default for name, field in wanted.items()
            }
            return "record", fields, blank


def _needs_copies(writer: Type, reader: Type) -> bool:
    """Whether a field that was not written has a default that no two records may share."""
    match writer, reader:
        case Array(), Array():
            return _needs_copies(writer.items, reader.items)
        case Record(), Record():
            written = {field.name: field.type for field in writer.fields}
            return any(
                _needs_copies(written[field.name], field.type)
                if field.name in written
                else isinstance(field.default, list | dict)
                for field in reader.fields
            )
    return False
