"""Encoders and decoders made for one record each: Python source, written once from its schema.

The codec is where the pipeline's time goes.  A general encoder asks for each field what it is; the
source made here has that answered: a record becomes one ``b"".join`` of table look-ups, and is
read with no call for the fields that are common.  Whatever is out of the ordinary (long texts,
negative block counts, anything wrong) raises somewhere inside and goes to ``schemas.careful``.

Measured and not used: a cache of short texts (a hit costs what ``str.encode`` does), tables
applied with ``map`` (no faster), regular expressions to split varints, caches on the way in.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from schemas.avro import NO_DEFAULT, Array, Enum, Primitive, Record, Type
from schemas.careful import BOOLEANS, HEADER_BYTES, reader_symbol, varint

Encodable: TypeAlias = Mapping[str, Any] | tuple[Any, ...]
"""A record, or its fields alone in the schema's order."""

Encode: TypeAlias = Callable[[Encodable], bytes]
Decode: TypeAlias = Callable[[bytes], tuple[str, dict[str, Any]]]

# --- what the generated source calls: encoding ---------------------------------------------------

# Texts longer than this go the careful way.
LENGTHS = [varint(length) for length in range(2048)]

# A positive number is cut into pieces whose bytes stand in tables: 13 bits (zigzag adds one), then
# 14 bits a piece.  Two bytes with the continuation bit set; and the end, one or two bytes.
_FIRST = [bytes((n << 1 & 127 | 128, n >> 6 | 128)) for n in range(1 << 13)]
_MIDDLE = [bytes((n & 127 | 128, n >> 7 | 128)) for n in range(1 << 14)]
_LAST = [bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7)) for n in range(1 << 14)]

# One command gives several records with the same ids, prices and times, so their bytes are kept.
_LONGS: dict[int, bytes] = {}
_LONGS_MAX = 8192

long_known = _LONGS.get


def long_bytes(number: int) -> bytes:
    """The bytes of a number that ``long_known`` does not have; raises beyond 64 bits."""
    if 0 <= number < 1 << 41:
        if number < 1 << 13:
            encoded = _LAST[number << 1]
        elif number < 1 << 27:
            encoded = _FIRST[number & 8191] + _LAST[number >> 13]
        else:
            encoded = _FIRST[number & 8191] + _MIDDLE[number >> 13 & 16383] + _LAST[number >> 27]
    elif -(1 << 63) <= number < 1 << 63:
        encoded = varint(number)
    else:
        raise OverflowError
    if len(_LONGS) >= _LONGS_MAX:
        _LONGS.clear()
    _LONGS[number] = encoded
    return encoded


def int_bytes(number: int) -> bytes:
    """The bytes of a 32-bit number."""
    if -(1 << 31) <= number < 1 << 31:
        return varint(number)
    raise OverflowError


# --- what the generated source calls: decoding ---------------------------------------------------

# A number is read as the sum of what each of its bytes stands for, already halved (zigzag); its
# lowest bit, the sign, is in the first byte.  Six bytes are enough for times until 2039.
INLINE_BYTES = 6
_HALVES = [[(byte & 127) << 7 * place >> 1 for byte in range(256)] for place in range(INLINE_BYTES)]
ONE_BYTE = [(byte >> 1) ^ -(byte & 1) for byte in range(128)]
SKIP = {length << 1: length + 1 for length in range(64)}
"""From a text's first byte, if it is a length of one byte, to how far its end is."""


def long_half(data: bytes, start: int) -> tuple[int, int]:
    """A number of any length without its sign bit, and where it ends; raises beyond 64 bits."""
    zigzag = 0
    for index in range(10):
        byte = data[start + index]
        zigzag |= (byte & 127) << 7 * index
        if byte < 128:
            if zigzag >> 64:
                break
            return zigzag >> 1, start + index + 1
    raise ValueError


def length_at(data: bytes, start: int) -> tuple[int, int]:
    """A length, and where it ends; raises if it is negative."""
    half, end = long_half(data, start)
    if data[start] & 1:
        raise ValueError
    return half, end


# --- the generator -------------------------------------------------------------------------------

_ENCODE_NAMES = {
    "join": b"".join,
    "LENGTHS": LENGTHS,
    "BOOLEANS": BOOLEANS,
    "long_known": long_known,
    "long_bytes": long_bytes,
    "int_bytes": int_bytes,
    # Refuses what is not bytes: a memoryview's length may count something else.
    "size": bytes.__len__,
}

_DECODE_NAMES = {
    "ONE_BYTE": ONE_BYTE,
    "SKIP": SKIP,
    "BOOLEANS": (False, True),
    "long_half": long_half,
    "length_at": length_at,
    **{f"HALF{place}": half for place, half in enumerate(_HALVES)},
}


class _Source:
    """Lines of a function under construction, and the tables they name."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.lines: list[str] = []
        self.names = dict(names)
        self._counter = 0

    def add(self, depth: int, *lines: str) -> None:
        self.lines += ["    " * depth + line for line in lines]

    def fresh(self, stem: str) -> str:
        self._counter += 1
        return f"{stem}{self._counter}"

    def table(self, stem: str, value: object) -> str:
        name = self.fresh(stem)
        self.names[name] = value
        return name

    def function(self, argument: str, purpose: str) -> Any:
        """Compile the lines as the body of a function; the tables are its globals."""
        source = "\n".join([f"def function({argument}):", *self.lines])
        exec(compile(source, f"<{purpose}>", "exec"), self.names)
        return self.names["function"]


def compile_encoder(kind: Record, header: bytes, careful: Encode) -> Encode:
    """A function from a record to header and body; ``careful`` does what the fast way cannot."""
    source = _Source({**_ENCODE_NAMES, "HEADER": header, "careful": careful})
    source.add(1, "try:")
    parts = ["HEADER", *_encode_record(source, 2, kind, "record")]
    source.add(2, f"return join(({', '.join(parts)}))")
    source.add(1, "except Exception:", "    return careful(record)")
    encode: Encode = source.function("record", f"encode {kind.name}")
    return encode


def _encode_record(source: _Source, depth: int, kind: Record, record: str) -> list[str]:
    values = [source.fresh("value") for _ in kind.fields]
    by_name = (f"{v} = {record}[{f.name!r}]" for v, f in zip(values, kind.fields, strict=True))
    source.add(
        depth,
        f"if type({record}) is tuple: {', '.join(values)}, = {record}",
        f"else: {'; '.join(by_name)}",
    )
    parts = []
    for field, value in zip(kind.fields, values, strict=True):
        parts += _encode_value(source, depth, field.type, value)
    return parts


def _encode_value(source: _Source, depth: int, kind: Type, value: str) -> list[str]:
    """Expressions whose bytes, in order, are the value's; statements they need are added."""
    match kind:
        case Primitive("long"):
            return [f"long_known(n := {value}) or long_bytes(n)"]
        case Primitive("int"):
            return [f"int_bytes({value})"]
        case Primitive("string"):
            return [f"LENGTHS[len(b := {value}.encode())]", "b"]
        case Primitive("bytes"):
            return [f"long_known(n := size(b := {value})) or long_bytes(n)", "b"]
        case Primitive("boolean"):
            return [f"BOOLEANS[{value}]"]
        case Enum():
            symbols = {symbol: varint(number) for number, symbol in enumerate(kind.symbols)}
            return [f"{source.table('SYMBOLS', symbols)}[{value}]"]
        case Record():
            inner = source.fresh("record")
            source.add(depth, f"{inner} = {value}")
            return _encode_record(source, depth, kind, inner)
        case Array():
            return [_encode_array(source, depth, kind, value)]
    raise AssertionError(kind)


def _encode_array(source: _Source, depth: int, kind: Array, value: str) -> str:
    items, item, out = (source.fresh(stem) for stem in ("items", "item", "out"))
    source.add(
        depth,
        f"{items} = {value}",
        f"if type({items}) is not list: raise TypeError",  # a text is iterable too
        f"{out} = [long_known(n := len({items})) or long_bytes(n)] if {items} else []",
        f"for {item} in {items}:",
    )
    parts = _encode_value(source, depth + 1, kind.items, item)
    source.add(depth + 1, f"{out} += ({', '.join(parts)},)")
    source.add(depth, f"{out}.append(b'\\0')")
    return f"*{out}"


def compile_decoder(writer: Record, reader: Record, careful: Decode) -> Decode:
    """A function from header and body to the record's name and the record.

    The body was written with ``writer``; the record is as ``reader`` has it.  The two have passed
    ``schemas.compatibility``; ``careful`` does what the fast way cannot.
    """
    source = _Source({**_DECODE_NAMES, "careful": careful})
    source.add(1, "try:", f"    i = {HEADER_BYTES}")
    record = _decode_value(source, 2, writer, reader)
    # A text's slice may have gone beyond the end; then i has too.
    source.add(2, "if i != len(data): raise ValueError", f"return {reader.name!r}, {record}")
    source.add(1, "except Exception:", "    return careful(data)")
    decode: Decode = source.function("data", f"decode {writer.name}")
    return decode


def _decode_value(source: _Source, depth: int, writer: Type, reader: Type | None) -> str:
    """Add statements that read a value; return the expression that is it afterwards.

    ``reader`` is None for what the reader's schema has no more: read, and not used.
    """
    value = source.fresh("v")
    match writer:
        case Primitive("long"):
            _decode_long(source, depth, value)
        case Primitive("int"):
            _decode_long(source, depth, value)
            source.add(depth, f"if not -2147483648 <= {value} <= 2147483647: raise ValueError")
        case Primitive("string"):
            source.add(
                depth,
                "b = data[i]",
                "if b < 128:",
                "    j = i + SKIP[b]",
                f"    {value} = data[i + 1:j].decode()",
                "    i = j",
                "else:",
                "    n, i = length_at(data, i)",
                f"    {value} = data[i:i + n].decode()",
                "    i += n",
            )
        case Primitive("bytes"):
            source.add(depth, "n, i = length_at(data, i)", f"{value} = data[i:i + n]", "i += n")
        case Primitive("boolean"):
            source.add(depth, f"{value} = BOOLEANS[data[i]]", "i += 1")
        case Enum():
            source.add(depth, f"{value} = {_symbols(source, writer, reader)}[data[i]]", "i += 1")
        case Array():
            _decode_array(source, depth, writer, reader, value)
        case Record():
            return _decode_record(source, depth, writer, reader)
    return value


def _decode_long(source: _Source, depth: int, value: str) -> None:
    """One byte, or as many as say so: each level of the nest is one more byte."""
    names = "bcdefg"[:INLINE_BYTES]
    source.add(depth, "b = data[i]", f"if b < 128: {value} = ONE_BYTE[b]; i += 1", "else:")
    for place in range(1, INLINE_BYTES):
        inner = depth + place
        total = " + ".join(f"HALF{k}[{names[k]}]" for k in range(place + 1))
        source.add(
            inner,
            f"{names[place]} = data[i + {place}]",
            f"if {names[place]} < 128: {value} = {total}; i += {place + 1}",
            "else:",
        )
    source.add(depth + INLINE_BYTES, f"{value}, i = long_half(data, i)")
    source.add(depth + 1, f"if b & 1: {value} = ~{value}")


def _symbols(source: _Source, writer: Enum, reader: Type | None) -> str:
    """The name of a table from the byte that the writer's symbol has to the reader's symbol."""
    known = reader if isinstance(reader, Enum) else writer
    symbols = {n << 1: reader_symbol(symbol, known) for n, symbol in enumerate(writer.symbols)}
    return source.table("SYMBOLS", symbols)


def _decode_array(
    source: _Source, depth: int, writer: Array, reader: Type | None, value: str
) -> None:
    count = source.fresh("count")
    source.add(depth, f"{value} = []", "while True:")
    _decode_long(source, depth + 1, count)
    source.add(
        depth + 1,
        f"if {count} < 1:",
        f"    if {count}: raise ValueError",
        "    break",
        f"for _ in range({count}):",
    )
    items = reader.items if isinstance(reader, Array) else None
    item = _decode_value(source, depth + 2, writer.items, items)
    source.add(depth + 2, f"{value}.append({item})")


def _decode_record(source: _Source, depth: int, writer: Record, reader: Type | None) -> str:
    wanted = {field.name: field for field in reader.fields} if isinstance(reader, Record) else {}
    values = {}
    for field in writer.fields:
        kind = wanted[field.name].type if field.name in wanted else None
        values[field.name] = _decode_value(source, depth, field.type, kind)
    for field in wanted.values():
        if field.name not in values:
            assert field.default is not NO_DEFAULT, field.name
            values[field.name] = repr(field.default)
    return "{" + ", ".join(f"{name!r}: {values[name]}" for name in wanted) + "}"
