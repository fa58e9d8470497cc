"""Avro bytes, read and written step by step: the meaning of the codec, and its exact errors.

``schemas.compiled`` is the fast way.  It gives up on anything out of the ordinary and comes here,
where the answer is the right value or an error that says what is wrong and where.
"""

from collections.abc import Mapping
from typing import Any

from schemas.avro import INTEGER_BITS, Array, Enum, Primitive, Record, Type

HEADER_BYTES = 5
"""The Confluent wire format: a zero byte, then the schema id in four bytes, big-endian."""

VARINT_BYTES_MAX = 10
BOOLEANS = {True: b"\1", False: b"\0"}


class DecodeError(ValueError):
    """Bytes that are no record of ours.

    ``reason`` is one of EMPTY, BAD_MAGIC, UNKNOWN_SCHEMA_ID, TRUNCATED, TRAILING_BYTES, BAD_ENUM,
    BAD_BOOLEAN, BAD_UTF8, BAD_BLOCK (an array's sizes contradict each other), NEGATIVE_LENGTH and
    VARINT_TOO_LONG (more bits than its type has); ``detail`` says where, for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class EncodeError(ValueError):
    """A record that does not fit its schema; one line that names the field."""


def read_record(data: bytes, writer: Record, reader: Record) -> dict[str, Any]:
    """The record behind the header, as the reader's schema sees it; raises DecodeError."""
    cursor = _Cursor(data)
    value = cursor.read(writer, writer.name)
    if cursor.position != len(data):
        raise DecodeError(
            "TRAILING_BYTES", f"{writer.name}: {len(data) - cursor.position} bytes too many"
        )
    resolved: dict[str, Any] = _resolve(value, writer, reader)
    return resolved


class _Cursor:
    """A position in the data; each ``read`` moves it behind what was read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = HEADER_BYTES

    def read(self, kind: Type, where: str) -> Any:
        match kind:
            case Primitive("string"):
                return self._text(where)
            case Primitive("bytes"):
                return self._bytes(where)
            case Primitive("boolean"):
                return self._boolean(where)
            case Primitive("long" | "int" as name):
                return self._integer(where, INTEGER_BITS[name])
            case Enum():
                return self._symbol(kind, where)
            case Array():
                return self._items(kind, where)
            case Record():
                return {
                    field.name: self.read(field.type, f"{where}.{field.name}")
                    for field in kind.fields
                }
        raise AssertionError(kind)

    def _fail(self, reason: str, where: str, what: str) -> DecodeError:
        return DecodeError(reason, f"{where}: {what} at byte {self.position}")

    def _integer(self, where: str, bits: int = 64) -> int:
        zigzag = 0
        for index in range(VARINT_BYTES_MAX):
            if self.position + index >= len(self.data):
                raise self._fail("TRUNCATED", where, "the data ends in the number")
            byte = self.data[self.position + index]
            zigzag |= (byte & 127) << 7 * index
            if byte < 128:
                break
        if byte > 127 or zigzag >> bits:
            raise self._fail("VARINT_TOO_LONG", where, f"a number of more than {bits} bits")
        self.position += index + 1
        return (zigzag >> 1) ^ -(zigzag & 1)

    def _bytes(self, where: str) -> bytes:
        length = self._integer(where)
        if length < 0:
            raise self._fail("NEGATIVE_LENGTH", where, f"length {length}")
        if length > len(self.data) - self.position:
            raise self._fail("TRUNCATED", where, f"length {length} goes beyond the end")
        self.position += length
        return self.data[self.position - length : self.position]

    def _text(self, where: str) -> str:
        try:
            return self._bytes(where).decode()
        except UnicodeDecodeError as error:
            raise self._fail("BAD_UTF8", where, f"{error.reason} in the text that ends") from None

    def _boolean(self, where: str) -> bool:
        if self.position >= len(self.data):
            raise self._fail("TRUNCATED", where, "the data ends")
        byte = self.data[self.position]
        if byte > 1:
            raise self._fail("BAD_BOOLEAN", where, f"{byte} is neither 0 nor 1")
        self.position += 1
        return byte == 1

    def _symbol(self, kind: Enum, where: str) -> str:
        number = self._integer(where)
        if not 0 <= number < len(kind.symbols):
            raise self._fail("BAD_ENUM", where, f"{kind.name} has no symbol {number}")
        return kind.symbols[number]

    def _items(self, kind: Array, where: str) -> list[Any]:
        items: list[Any] = []
        while count := self._integer(where):
            size = self._integer(where) if count < 0 else None
            start = self.position
            # Every item takes at least one byte: a huge count ends with the data.
            for _ in range(abs(count)):
                items.append(self.read(kind.items, f"{where}[{len(items)}]"))
            if size is not None and self.position - start != size:
                raise self._fail("BAD_BLOCK", where, f"a block of other than its {size} bytes")
        return items


def _resolve(value: Any, writer: Type, reader: Type) -> Any:
    """A value written with one version as a later (or earlier) one sees it.

    The two have passed ``schemas.compatibility``.
    """
    match writer, reader:
        case Enum(), Enum():
            return reader_symbol(value, reader)
        case Array(), Array():
            return [_resolve(item, writer.items, reader.items) for item in value]
        case Record(), Record():
            written = {field.name: field.type for field in writer.fields}
            return {
                field.name: _resolve(value[field.name], written[field.name], field.type)
                if field.name in written
                else _fresh(field.default)
                for field in reader.fields
            }
    return value


def reader_symbol(symbol: str, reader: Enum) -> str:
    """The symbol itself, or the reader's default where it does not know the symbol."""
    return symbol if symbol in reader.symbols else reader.default or symbol


def _fresh(default: Any) -> Any:
    """A copy of a default, so that no two records share a list."""
    if isinstance(default, dict):
        return {name: _fresh(value) for name, value in default.items()}
    return list(default) if isinstance(default, list) else default


def write_record(record: object, kind: Record) -> bytes:
    """The body (without header) of the record; raises EncodeError.

    A record is a mapping, or a tuple of its fields in the schema's order.  Of a mapping, fields
    that the schema does not have are left out.  A number that equals an integer, as True
    and 5.0 do, is written as that integer.
    """
    return b"".join(_write(record, kind, kind.name))


def _write(value: Any, kind: Type, where: str) -> list[bytes]:
    match kind:
        case Primitive("string") if isinstance(value, str):
            return _write_text(value, where)
        case Primitive("bytes") if isinstance(value, bytes):
            return [varint(len(value)), value]
        case Primitive("boolean") if _is_one_of(value, BOOLEANS):
            return [BOOLEANS[value]]
        case Primitive("long" | "int" as name):
            return [varint(_integer(value, INTEGER_BITS[name], where))]
        case Enum() if _is_one_of(value, kind.symbols):
            return [varint(kind.symbols.index(value))]
        case Array() if isinstance(value, list | tuple):
            parts = [varint(len(value))] if value else []
            for index, item in enumerate(value):
                parts += _write(item, kind.items, f"{where}[{index}]")
            return [*parts, b"\0"]
        case Record() if isinstance(value, Mapping):
            return _write_fields(value, kind, where)
        case Record() if isinstance(value, tuple):
            return _write_tuple(value, kind, where)
    expected = "array" if isinstance(kind, Array) else kind.name
    raise EncodeError(f"{where}: {_shown(value)} is no {expected}")


def _write_fields(value: Mapping[str, Any], kind: Record, where: str) -> list[bytes]:
    parts = []
    for field in kind.fields:
        place = f"{where}.{field.name}"
        if field.name not in value:
            raise EncodeError(f"{place}: missing")
        parts += _write(value[field.name], field.type, place)
    return parts


def _write_tuple(values: tuple[Any, ...], kind: Record, where: str) -> list[bytes]:
    if len(values) != len(kind.fields):
        raise EncodeError(f"{where}: {len(values)} fields, not {len(kind.fields)}")
    parts = []
    for field, value in zip(kind.fields, values, strict=True):
        parts += _write(value, field.type, f"{where}.{field.name}")
    return parts


def _write_text(value: str, where: str) -> list[bytes]:
    try:
        encoded = value.encode()
    except UnicodeEncodeError:
        raise EncodeError(f"{where}: {_shown(value)} is no Unicode text") from None
    return [varint(len(encoded)), encoded]


def _integer(value: Any, bits: int, where: str) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or isinstance(value, str | bytes) or number != value:
        raise EncodeError(f"{where}: {_shown(value)} is no integer")
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise EncodeError(f"{where}: {number} is beyond {bits} bits")
    return number


def _is_one_of(value: Any, known: Any) -> bool:
    try:
        return value in known
    except TypeError:  # unhashable
        return False


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def varint(number: int) -> bytes:
    """Avro's form of a 64-bit integer: zigzag, then 7 bits a byte, the lowest first."""
    zigzag = number << 1 if number >= 0 else ~(number << 1)
    out = bytearray()
    while zigzag > 127:
        out.append(zigzag & 127 | 128)
        zigzag >>= 7
    out.append(zigzag)
    return bytes(out)
