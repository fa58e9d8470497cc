"""A windowed join of two inputs of one partition (``JOINS.md``): records in, results out."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from streams.domain.join_side import NEVER_MS, JoinSide, StoredRecord

JoinKind = Literal["inner", "left", "right", "outer"]

CLOCK_KEY = "clock"


class Joined(NamedTuple):
    """A result: two values of a key, or one that found no partner and None."""

    key: str | None
    left: Any
    right: Any
    time_ms: int
    """The later of the two records' times."""


class JoinClock:
    """A partition's row beside the stored records: where the inputs stand, and what was counted."""

    __slots__ = ("left_ms", "right_ms", "last_number", "late", "skipped")

    def __init__(
        self, left_ms: int, right_ms: int, last_number: int, late: int, skipped: int
    ) -> None:
        self.left_ms = left_ms
        self.right_ms = right_ms
        self.last_number = last_number
        self.late = late
        self.skipped = skipped


JoinRow = StoredRecord | JoinClock


class WindowJoin:
    """The join of one partition.

    A record a of the left input and a record b of the right one join when their keys are equal and
    ``-before_ms <= b.time_ms - a.time_ms <= after_ms``.  Either bound may be negative, but not
    their sum.  Kinds other than ``inner`` also give the records of the left input, of the right
    one, or of both (``outer``), that found no partner: once none can come any more.

    ``late`` counts the records that came when their window and grace were over, ``skipped`` those
    without a value, or without a key where such a record is no result.
    """

    __slots__ = ("late", "skipped", "_left", "_right", "_last_number", "_changed", "_is_clock_new")

    def __init__(self, kind: JoinKind, *, before_ms: int, after_ms: int, grace_ms: int) -> None:
        """Begin with nothing.

        Raises:
            ValueError: of an unknown kind, a window that ends before it begins, a negative grace.
        """
        if kind not in ("inner", "left", "right", "outer"):
            raise ValueError(f"{kind!r} is no kind of join")
        if before_ms + after_ms < 0:
            raise ValueError(f"a window from -{before_ms} to {after_ms} ms ends before it begins")
        if grace_ms < 0:
            raise ValueError(f"a grace of {grace_ms} ms is negative")
        # No record is late before it is there, however its window lies.
        left_late_ms = max(after_ms, 0) + grace_ms
        right_late_ms = max(before_ms, 0) + grace_ms
        self._left = JoinSide(
            back_ms=before_ms,
            ahead_ms=after_ms,
            late_ms=left_late_ms,
            hold_ms=after_ms + right_late_ms,
            emits_unjoined=kind in ("left", "outer"),
        )
        self._right = JoinSide(
            back_ms=after_ms,
            ahead_ms=before_ms,
            late_ms=right_late_ms,
            hold_ms=before_ms + left_late_ms,
            emits_unjoined=kind in ("right", "outer"),
        )
        self.late = 0
        self.skipped = 0
        self._last_number = 0
        self._changed: dict[str, StoredRecord | None] = {}
        self._is_clock_new = False

    # --- records and ticks ------------------------------------------------------------------------

    def left(self, key: str | None, time_ms: int, value: Any, data: bytes = b"") -> list[Joined]:
        """Take the left input's next record; ``data`` is what a row keeps of its value.

        First come the right input's records that this one's time closes, by time and then in the
        order in which they came; then its own results, by its partners in that order.
        """
        results = self.advance_left(time_ms) if time_ms > self._left.clock_ms else []
        self._take(self._left, self._right, key, time_ms, value, data, results)
        return results

    def right(self, key: str | None, time_ms: int, value: Any, data: bytes = b"") -> list[Joined]:
        """Take the right input's next record, as ``left`` does."""
        results = self.advance_right(time_ms) if time_ms > self._right.clock_ms else []
        self._take(self._right, self._left, key, time_ms, value, data, results)
        return results

    def advance_left(self, time_ms: int) -> list[Joined]:
        """Let the left input's clock come to a time, which closes records of the right one."""
        return self._advance(self._left, self._right, time_ms)

    def advance_right(self, time_ms: int) -> list[Joined]:
        """Let the right input's clock come to a time, which closes records of the left one."""
        return self._advance(self._right, self._left, time_ms)

    def _advance(self, own: JoinSide, other: JoinSide, time_ms: int) -> list[Joined]:
        results: list[Joined] = []
        if time_ms > own.clock_ms:
            own.clock_ms = time_ms
            self._is_clock_new = True
            for record in other.take_closed(time_ms):
                self._note_removed(record)
                if other.emits_unjoined and not record.is_joined:
                    results.append(_unjoined(record.is_left, record.key, record))
        return results

    def _take(
        self,
        own: JoinSide,
        other: JoinSide,
        key: str | None,
        time_ms: int,
        value: Any,
        data: bytes,
        results: list[Joined],
    ) -> None:
        is_left = own is self._left
        if key is None or value is None:
            self._take_unjoinable(own, StoredRecord(is_left, "", time_ms, 0, value, data), results)
            return
        record = StoredRecord(is_left, key, time_ms, self._last_number + 1, value, data)
        if own.clock_ms > time_ms + own.late_ms:
            self.late += 1
            self._is_clock_new = True
            if own.emits_unjoined:
                results.append(_unjoined(is_left, key, record))
            return
        for partner in other.partners(key, time_ms - own.back_ms, time_ms + own.ahead_ms):
            record.is_joined = True
            if other.emits_unjoined and not partner.is_joined:
                partner.is_joined = True
                self._changed[partner.row_key] = partner
            left, right = (record, partner) if is_left else (partner, record)
            at_ms = partner.time_ms if partner.time_ms > time_ms else time_ms
            results.append(Joined(key, left.value, right.value, at_ms))
        if other.clock_ms <= time_ms + own.hold_ms:
            own.add(record)
            self._last_number = record.number
            self._is_clock_new = True
            self._changed[record.row_key] = record
        elif own.emits_unjoined and not record.is_joined:
            results.append(_unjoined(is_left, key, record))

    def _take_unjoinable(self, own: JoinSide, record: StoredRecord, results: list[Joined]) -> None:
        """A record without a value says nothing; one without a key can have no partner."""
        if record.value is not None and own.emits_unjoined:
            results.append(_unjoined(record.is_left, None, record))
        else:
            self.skipped += 1
            self._is_clock_new = True

    # --- rows -------------------------------------------------------------------------------------

    def take_changes(self) -> dict[str, JoinRow | None]:
        """By key, the rows that changed since the last call; None for one that is gone."""
        rows: dict[str, JoinRow | None] = {}
        rows.update(self._changed)
        for record in self._changed.values():
            if record is not None:
                record.is_written = True
        self._changed = {}
        if self._is_clock_new:
            rows[CLOCK_KEY] = self._clock()
            self._is_clock_new = False
        return rows

    def rows(self) -> dict[str, JoinRow]:
        """All rows by key."""
        rows: dict[str, JoinRow] = {CLOCK_KEY: self._clock()}
        for record in (*self._left.stored(), *self._right.stored()):
            rows[record.row_key] = record
        return rows

    def load(self, rows: Mapping[str, Any]) -> None:
        """Take what a table kept in place of what is there; the table's records become this one's.

        The kind and the window may be others than before: what is stored is closed by the new ones.
        """
        clock = rows.get(CLOCK_KEY) or JoinClock(NEVER_MS, NEVER_MS, 0, 0, 0)
        self._left.clock_ms = clock.left_ms
        self._right.clock_ms = clock.right_ms
        self._last_number = clock.last_number
        self.late = clock.late
        self.skipped = clock.skipped
        records = [row for key, row in rows.items() if key != CLOCK_KEY]
        for record in records:
            record.is_written = True
        self._left.load(record for record in records if record.is_left)
        self._right.load(record for record in records if not record.is_left)
        self._changed = {}
        self._is_clock_new = False

    def _clock(self) -> JoinClock:
        return JoinClock(
            self._left.clock_ms, self._right.clock_ms, self._last_number, self.late, self.skipped
        )

    def _note_removed(self, record: StoredRecord) -> None:
        if record.is_written:
            self._changed[record.row_key] = None
        else:
            # Came and went between two calls of ``take_changes``: there is no row to remove.
            self._changed.pop(record.row_key, None)


def _unjoined(is_left: bool, key: str | None, record: StoredRecord) -> Joined:
    left, right = (record.value, None) if is_left else (None, record.value)
    return Joined(key, left, right, record.time_ms)
