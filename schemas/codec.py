"""Records to bytes and back: Avro bodies in the Confluent wire format.

The format is a zero byte, the schema id in four bytes (big-endian), the Avro body; ids are those of
``lock.json``.  Records written with an older version come back as the newest one has them.
"""

from functools import cache
from typing import Any

from schemas.careful import HEADER_BYTES, DecodeError, EncodeError, read_record, write_record
from schemas.compiled import Decode, Encodable, Encode, compile_decoder, compile_encoder
from schemas.native import native_decoder, native_encoder
from schemas.registry import registry

__all__ = ["DecodeError", "EncodeError", "decode", "encode", "encoder"]


def header(schema_id: int) -> bytes:
    """The bytes before the body."""
    return b"\0" + schema_id.to_bytes(4, "big")


@cache
def encoder(name: str) -> Encode:
    """The function that encodes records of this name; raises EncodeError for an unknown name.

    It takes a record, or a tuple of its fields in the schema's order, as it takes records inside.
    It raises EncodeError, with the field's name, for a record that does not fit its schema.
    """
    if name not in registry().newest:
        raise EncodeError(f"{name}: no such record")
    schema_id, kind = registry().newest[name]
    start = header(schema_id)

    def careful(record: Encodable) -> bytes:
        return start + write_record(record, kind)

    return native_encoder(kind, start, careful) or compile_encoder(kind, start, careful)


def encode(name: str, record: Encodable) -> bytes:
    """Encode one record; for many of one name, ask for its ``encoder`` once."""
    return encoder(name)(record)


# By header; filled when a header is first met, so that what is never read is never compiled.
_decoders: dict[bytes, Decode] = {}


def decode(data: bytes) -> tuple[str, dict[str, Any]]:
    """The record's name and the record; raises DecodeError, whatever the bytes are."""
    try:
        read = _decoders[data[:HEADER_BYTES]]
    except KeyError:
        read = _add_decoder(data)
    return read(data)


def _add_decoder(data: bytes) -> Decode:
    if not data:
        raise DecodeError("EMPTY", "no bytes at all")
    if data[0] != 0:
        raise DecodeError("BAD_MAGIC", f"the first byte is {data[0]}, not 0")
    if len(data) < HEADER_BYTES:
        raise DecodeError("TRUNCATED", f"{len(data)} bytes, a header has {HEADER_BYTES}")
    schema_id = int.from_bytes(data[1:HEADER_BYTES], "big")
    writer = registry().writers.get(schema_id)
    if writer is None:
        raise DecodeError("UNKNOWN_SCHEMA_ID", f"no schema has the id {schema_id}")
    _, reader = registry().newest[writer.name]

    def careful(data: bytes) -> tuple[str, dict[str, Any]]:
        return reader.name, read_record(data, writer, reader)

    decoder = native_decoder(writer, reader, careful) or compile_decoder(writer, reader, careful)
    _decoders[data[:HEADER_BYTES]] = decoder
    return decoder
