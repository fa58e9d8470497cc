"""One input of a windowed join: its clock, and the records of it that may still find a partner."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Any

NEVER_MS = -(2**62)
"""What an input's clock says before its first record."""


class StoredRecord:
    """A record that waits for partners; a table keeps it as a row under ``row_key``."""

    __slots__ = (
        "is_left",
        "key",
        "time_ms",
        "number",
        "value",
        "row_key",
        "data",
        "is_joined",
        "is_written",
    )

    def __init__(
        self, is_left: bool, key: str, time_ms: int, number: int, value: Any, data: bytes
    ) -> None:
        self.is_left = is_left
        self.key = key
        self.time_ms = time_ms
        self.number = number
        """Counts a partition's stored records: the order in which they came."""
        self.value = value
        self.row_key = f"{'L' if is_left else 'R'}{number} {key}"
        """No two records of a partition have the same."""
        self.data = data
        """What ``value`` is made from again after a restore."""
        self.is_joined = False
        """Has been in a result; kept up only on an input whose unjoined records are results."""
        self.is_written = False
        """The table has a row of it."""


class JoinSide:
    """The stored records of one input, by key and by time.

    Both grow and shrink at their ends: no operation looks at records that it has no business with.
    """

    __slots__ = (
        "back_ms",
        "ahead_ms",
        "late_ms",
        "hold_ms",
        "emits_unjoined",
        "clock_ms",
        "by_key",
        "_by_time",
        "_times",
    )

    def __init__(
        self, *, back_ms: int, ahead_ms: int, late_ms: int, hold_ms: int, emits_unjoined: bool
    ) -> None:
        self.back_ms = back_ms
        """A partner is at most so much before a record of this input,"""
        self.ahead_ms = ahead_ms
        """and at most so much after it."""
        self.late_ms = late_ms
        """A record is late once this input's clock is more than this past it."""
        self.hold_ms = hold_ms
        """A record is kept until the other input's clock is more than this past it."""
        self.emits_unjoined = emits_unjoined
        self.clock_ms = NEVER_MS
        self.by_key: dict[str, list[StoredRecord]] = {}
        """Each key's records, by time and then in the order in which they came."""
        self._by_time: dict[int, list[StoredRecord]] = {}
        self._times: list[int] = []
        """The keys of ``_by_time``, as a heap."""

    def add(self, record: StoredRecord) -> None:
        """Keep a record, the latest to come."""
        time_ms = record.time_ms
        records = self.by_key.get(record.key)
        if records is None:
            self.by_key[record.key] = [record]
        elif records[-1].time_ms <= time_ms:
            records.append(record)
        else:
            records.insert(bisect_right(records, time_ms, key=_time_of), record)
        together = self._by_time.get(time_ms)
        if together is None:
            self._by_time[time_ms] = [record]
            heappush(self._times, time_ms)
        else:
            together.append(record)

    def partners(self, key: str, first_ms: int, last_ms: int) -> list[StoredRecord]:
        """The records of a key between two times, both included, in order."""
        records = self.by_key.get(key)
        if records is None:
            return []
        if first_ms <= records[0].time_ms and records[-1].time_ms <= last_ms:
            return records
        first = bisect_left(records, first_ms, key=_time_of)
        return records[first : bisect_right(records, last_ms, first, key=_time_of)]

    def take_closed(self, other_clock_ms: int) -> list[StoredRecord]:
        """Remove and give the records that no partner can come for any more.

        In the order of their times; those of one time in the order in which they came.
        """
        limit_ms = other_clock_ms - self.hold_ms
        times = self._times
        closed: list[StoredRecord] = []
        while times and times[0] < limit_ms:
            closed += self._by_time.pop(heappop(times))
        by_key = self.by_key
        for record in closed:
            # What is closed is the oldest of its key.
            records = by_key[record.key]
            if len(records) == 1:
                del by_key[record.key]
            else:
                del records[0]
        return closed

    def load(self, records: Iterable[StoredRecord]) -> None:
        """Take records, in any order, in place of what is there."""
        self.by_key = {}
        self._by_time = {}
        for record in sorted(records, key=_place_of):
            self.by_key.setdefault(record.key, []).append(record)
            self._by_time.setdefault(record.time_ms, []).append(record)
        self._times = list(self._by_time)
        heapify(self._times)

    def stored(self) -> list[StoredRecord]:
        """All records, key by key."""
        return [record for records in self.by_key.values() for record in records]


def _time_of(record: StoredRecord) -> int:
    return record.time_ms


def _place_of(record: StoredRecord) -> tuple[int, int]:
    return record.time_ms, record.number
