"""A join's table: stored records as rows, each with the bytes that it came as."""

from collections.abc import Mapping
from struct import Struct
from typing import Any, cast

from streams.domain.join_side import StoredRecord
from streams.domain.window_join import JoinClock, JoinRow
from streams.transport import App, Rows, Table

_VERSION = 1
_CLOCK = Struct(">BB5q")
_RECORD = Struct(">BB2qI")
_IS_CLOCK, _IS_RIGHT, _IS_LEFT, _IS_JOINED = 4, 0, 1, 2


def join_table(app: App, name: str, **options: Any) -> Table:
    """A table for one windowed join; to be declared before the app starts.

    ============================  ============================================================
    key                           row, big-endian, after the version and a byte of flags
    ============================  ============================================================
    ``L17 key``, ``R18 key``      time and number, 64 bits each; the key's length, 32 bits, and
                                  the key; the record's bytes as they came
    ``clock``                     both clocks, the last number, late and skipped: 64 bits each
    ============================  ============================================================
    """
    return cast(Table, app.Table(name, encode=encode_row, decode=decode_row, **options))


def encode_row(row: JoinRow) -> bytes:
    """A row's bytes."""
    if isinstance(row, JoinClock):
        numbers = row.left_ms, row.right_ms, row.last_number, row.late, row.skipped
        return _CLOCK.pack(_VERSION, _IS_CLOCK, *numbers)
    flags = (_IS_LEFT if row.is_left else _IS_RIGHT) | (_IS_JOINED if row.is_joined else 0)
    key = row.key.encode()
    return _RECORD.pack(_VERSION, flags, row.time_ms, row.number, len(key)) + key + row.data


def decode_row(row: bytes) -> JoinRow:
    """The row of some bytes; a record's value is left to the join, which knows its input.

    Raises:
        ValueError: it was written by a newer version.
    """
    if row[0] != _VERSION:
        raise ValueError(f"a join's row of version {row[0]}; this program knows {_VERSION}")
    if row[1] == _IS_CLOCK:
        return JoinClock(*_CLOCK.unpack(row)[2:])
    _, flags, time_ms, number, length = _RECORD.unpack_from(row)
    start = _RECORD.size
    key = row[start : start + length].decode()
    data = row[start + length :]
    record = StoredRecord(bool(flags & _IS_LEFT), key, time_ms, number, None, data)
    record.is_joined = bool(flags & _IS_JOINED)
    return record


def store_changes(rows: Rows[JoinRow], changes: Mapping[str, JoinRow | None]) -> None:
    """Write what changed; None where a row is gone."""
    rows.put({key: row for key, row in changes.items() if row is not None})
    for key, row in changes.items():
        if row is None:
            rows.discard(key)
