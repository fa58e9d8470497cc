"""The topics that feed a store, read up to its positions."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from schemas.topics import KEEP_FOR_EVER, TOPICS
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

_STALL_SECONDS = 60.0
_WHOLE = frozenset(
    topic.name
    for topic in TOPICS
    if topic.cleanup == "delete" and topic.retention_ms == KEEP_FOR_EVER
)
"""Journals: topics of which every record is there."""

Positions = Mapping[Partition, int]
"""Of each partition: the first offset that is not looked at."""

Show = Callable[[int, int], None]
"""How many offsets are done with, of how many."""


def show_nothing(_done: int, _total: int) -> None:
    """No progress."""


class StoreLog:
    """Reads on to positions that only rise, committed records alone, each once."""

    def __init__(self, bootstrap: str, topics: Sequence[str], starts: Positions | None = None):
        """From the beginning, or from ``starts`` in the partitions that it has.

        Topics that nobody has made yet have no partitions.

        Raises:
            TradeflowError: a journal's beginning is gone; the broker does not answer.
        """
        self._bootstrap = bootstrap
        self._topics = Topics(bootstrap)
        counts = self._topics.partition_counts()
        names = [name for name in topics if name in counts]
        self.partitions = [Partition(name, at) for name in names for at in range(counts[name])]
        self.first = self._topics.starts(self.partitions)
        """What each partition began with when it was looked at."""
        _require_journals(self.first)
        begin = {
            **self.first,
            **{each: max(at, self.first[each]) for each, at in (starts or {}).items()},
        }
        self._begin = sum(begin.values())
        self._reader = TopicReader(bootstrap, begin)
        self._early: dict[Partition, deque[Record]] = {each: deque() for each in self.partitions}
        self._paused: set[Partition] = set()

    def ends(self, *, committed: bool = True) -> dict[Partition, int]:
        """Where the partitions end now; not ``committed``: with what is still open."""
        return self._topics.ends(self.partitions, committed=committed)

    def read_to(self, positions: Positions, show: Show = show_nothing) -> Iterator[Record]:
        """The records before these positions that were not given yet, each partition in order."""
        ends = {each: positions.get(each, 0) for each in self.partitions}
        for partition, early in self._early.items():
            while early and early[0].offset < ends[partition]:
                yield early.popleft()
        total = sum(ends.values()) - self._begin
        moved = time.monotonic()
        while unread := {each for each, end in ends.items() if self._reader.positions[each] < end}:
            self._read_only(unread)
            records = self._reader.read(0.2)
            for record in records:
                if record.offset < ends[record.partition]:
                    yield record
                else:
                    self._early[record.partition].append(record)
            if records:
                moved = time.monotonic()
                left = sum(max(0, ends[each] - self._reader.positions[each]) for each in unread)
                show(total - left, total)
            elif time.monotonic() - moved > _STALL_SECONDS:
                partition = min(unread)
                raise TradeflowError(
                    f"{partition} could not be read up to {ends[partition]}.",
                    remedy="A transaction may be open for long: look at the workers.",
                )

    def rest(self, show: Show = show_nothing) -> Iterator[Record]:
        """What is behind the positions, up to where the log ends now."""
        return self.read_to(self.ends(), show)

    def since(self, topic: str, positions: Positions) -> Iterator[Record]:
        """The records of one topic from these positions on, read apart from all others."""
        starts = {each: at for each, at in positions.items() if each.topic == topic}
        log = StoreLog(self._bootstrap, [topic], starts)
        try:
            yield from log.rest()
        finally:
            log.close()

    def close(self) -> None:
        """Give the consumer up."""
        self._reader.close()

    def _read_only(self, unread: set[Partition]) -> None:
        """Records that come before somebody wants them would have to be kept."""
        wanted = set(self.partitions) - unread
        if wanted != self._paused:
            self._reader.resume(self._paused - wanted)
            self._reader.pause(wanted - self._paused)
            self._paused = wanted


def _require_journals(first: Positions) -> None:
    for partition, offset in first.items():
        if offset and partition.topic in _WHOLE:
            raise TradeflowError(
                f"{partition} begins at offset {offset} only: what came before is gone.",
                remedy="Journals are to be kept for ever (retention.ms=-1).",
            )
