"""The slow, obvious join, written from streams/domain/JOINS.md: it keeps everything for ever.

Beside it a join that reads its inputs as Kafka Streams does, with one stream time for both.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

Result = tuple[str | None, str | None, str | None, int]
"""Key, left value, right value, time."""


@dataclass(frozen=True)
class Window:
    """What a join is made with."""

    kind: str
    before: int
    after: int
    grace: int

    def gives_alone(self, record: "Record") -> bool:
        """Whether a record of that input is a result although it has no partner."""
        return self.kind in (("left", "outer") if record.is_left else ("right", "outer"))

    def end(self, record: "Record") -> int:
        """The end of a record's window."""
        return record.time + max(self.after if record.is_left else self.before, 0)

    def kept_until(self, record: "Record") -> int:
        """The last time on the other clock at which a record is kept."""
        if record.is_left:
            return record.time + self.after + max(self.before, 0) + self.grace
        return record.time + self.before + max(self.after, 0) + self.grace

    def has(self, left: "Record", right: "Record") -> bool:
        """Whether two records are partners."""
        apart = right.time - left.time
        return left.key == right.key and -self.before <= apart <= self.after


@dataclass(frozen=True)
class Record:
    """A record of an input, or a tick on it."""

    is_left: bool
    time: int
    key: str | None = None
    value: str | None = None
    is_tick: bool = False

    @property
    def is_joinable(self) -> bool:
        """Whether it could have a partner."""
        return not self.is_tick and self.key is not None and self.value is not None

    def alone(self) -> Result:
        """The result that it is without a partner."""
        sides = (self.value, None) if self.is_left else (None, self.value)
        return (self.key, *sides, self.time)


def pair(left: Record, right: Record) -> Result:
    """The result of two partners."""
    return left.key, left.value, right.value, max(left.time, right.time)


@dataclass
class ReferenceJoin:
    """Everything about two inputs, worked out from the whole of both."""

    window: Window
    lefts: Sequence[Record]
    rights: Sequence[Record]

    def clock(self, records: Sequence[Record]) -> int:
        """Where an input's clock stands at its end."""
        return max((record.time for record in records), default=-(10**15))

    def sorted_out(self, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
        """An input's records that may have partners, and its late ones."""
        in_time: list[Record] = []
        late: list[Record] = []
        clock = -(10**15)
        for record in records:
            clock = max(clock, record.time)
            if record.is_joinable:
                is_late = clock > self.window.end(record) + self.window.grace
                (late if is_late else in_time).append(record)
        return in_time, late

    def late(self) -> list[Record]:
        """The late records of both inputs."""
        return self.sorted_out(self.lefts)[1] + self.sorted_out(self.rights)[1]

    def open(self) -> list[Record]:
        """The records that are kept still."""
        lefts, rights = self.sorted_out(self.lefts)[0], self.sorted_out(self.rights)[0]
        left_clock, right_clock = self.clock(self.lefts), self.clock(self.rights)
        return [a for a in lefts if right_clock <= self.window.kept_until(a)] + [
            b for b in rights if left_clock <= self.window.kept_until(b)
        ]

    def results(self) -> Counter[Result]:
        """All results up to now."""
        lefts = _by_key(self.sorted_out(self.lefts)[0])
        rights = _by_key(self.sorted_out(self.rights)[0])
        found: Counter[Result] = Counter()
        lonely: list[Record] = []
        for key in {*lefts, *rights}:
            of_left, of_right = lefts[key], rights[key]
            has = self.window.has
            found.update(pair(a, b) for a in of_left for b in of_right if has(a, b))
            lonely += [a for a in of_left if not any(has(a, b) for b in of_right)]
            lonely += [b for b in of_right if not any(has(a, b) for a in of_left)]
        still_open = {id(record) for record in self.open()}
        lonely = [record for record in lonely if id(record) not in still_open]
        keyless = [
            record
            for record in (*self.lefts, *self.rights)
            if not record.is_tick and record.key is None and record.value is not None
        ]
        for record in (*lonely, *self.late(), *keyless):
            if self.window.gives_alone(record):
                found[record.alone()] += 1
        return found

    def skipped(self) -> int:
        """How many records are neither joined nor results."""
        return sum(
            not record.is_tick
            and (
                record.value is None or (record.key is None and not self.window.gives_alone(record))
            )
            for record in (*self.lefts, *self.rights)
        )


def _by_key(records: Iterable[Record]) -> dict[str | None, list[Record]]:
    found: dict[str | None, list[Record]] = defaultdict(list)
    for record in records:
        found[record.key].append(record)
    return found


def merged_by_time(lefts: Sequence[Record], rights: Sequence[Record]) -> list[Record]:
    """Both inputs as Kafka Streams reads them: of the two next records the earlier one."""
    merged, i, j = [], 0, 0
    while i < len(lefts) or j < len(rights):
        if j == len(rights) or (i < len(lefts) and lefts[i].time <= rights[j].time):
            merged.append(lefts[i])
            i += 1
        else:
            merged.append(rights[j])
            j += 1
    return merged


def shared_time_results(window: Window, merged: Iterable[Record]) -> Counter[Result]:
    """What Kafka Streams gives for records in the order in which it reads them.

    One stream time decides what is late, as its documentation has it.  It gives a record alone at
    the end of its window and grace, yet stores it longer, so that it may join afterwards: those
    spurious results are left out here, and nothing else.
    """
    stream_time = -(10**15)
    stored: list[Record] = []
    joined: set[int] = set()
    results: Counter[Result] = Counter()
    for read in merged:
        record = replace(read)  # an object of its own, for `id`
        stream_time = max(stream_time, record.time)
        if record.is_tick or record.value is None:
            continue
        is_late = stream_time > window.end(record) + window.grace
        if record.key is None or is_late:
            if window.gives_alone(record):
                results[record.alone()] += 1
            continue
        for other in stored:
            a, b = (record, other) if record.is_left else (other, record)
            if other.is_left != record.is_left and window.has(a, b):
                joined |= {id(record), id(other)}
                results[pair(a, b)] += 1
        stored.append(record)
    for record in stored:
        is_over = stream_time > window.end(record) + window.grace
        if is_over and id(record) not in joined and window.gives_alone(record):
            results[record.alone()] += 1
    return results
