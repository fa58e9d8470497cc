"""Records as BSON has them: 64-bit integers as such, also where a small one would do."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from bson import Int64

from schemas.avro import Array, Primitive, Record, Type
from schemas.registry import registry

Convert = Callable[[Any], Any]


class _Int64s(dict[int, Int64]):
    """Int64 by value, each made once: zeros, times, prices and ids come again and again.

    That takes a third off a document's time.  When it has grown full it begins anew.
    """

    def __missing__(self, value: int) -> Int64:
        if len(self) >= _KEPT_MAX:
            self.clear()
        made = self[value] = Int64(value)
        return made


_KEPT_MAX = 65_536
int64: Convert = _Int64s().__getitem__
"""The integer as BSON's 64-bit one."""


@cache
def payload_maker(name: str) -> Convert:
    """The function that makes a payload of a record of this name.

    The payload has the record's fields and units: amounts are integers, texts and bytes stay.
    """
    known = registry().newest.get(name)
    return dict if known is None else _of_record(known[1])


def _of_record(kind: Record) -> Convert:
    # Most fields are texts, which stay: what is to be changed is changed in a copy.
    plain = tuple(field.name for field in kind.fields if _is_long(field.type))
    nested = tuple(
        (field.name, convert)
        for field in kind.fields
        if (convert := _of(field.type)) is not None and not _is_long(field.type)
    )

    def convert_record(record: Mapping[str, Any]) -> dict[str, Any]:
        payload = dict(record)
        for name in plain:
            payload[name] = int64(payload[name])
        for name, convert in nested:
            payload[name] = convert(payload[name])
        return payload

    return convert_record


def _is_long(kind: Type) -> bool:
    return isinstance(kind, Primitive) and kind.name == "long"


def _of(kind: Type) -> Convert | None:
    """How to convert a field; None where it stays as it is."""
    if _is_long(kind):
        return int64
    if isinstance(kind, Record):
        return _of_record(kind)
    if isinstance(kind, Array):
        convert = _of(kind.items)
        if convert is not None:
            return lambda items: [convert(item) for item in items]
    return None
