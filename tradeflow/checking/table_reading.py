"""Reads a table of a stage together with the offsets at which the stage had these rows."""

import time
from collections.abc import Iterable

from tradeflow.checking.rows import TableRows
from tradeflow.checking.stage_position import StagePosition
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

_POLL_SECONDS = 0.02


class TableReading:
    """Follows a changelog until each of its partitions was seen at rest for a moment.

    The stage commits rows and offsets in one transaction, but a reader of several partitions sees
    parts of it sooner than others.  So a partition's rows are taken when all that was ever written
    to its changelogs has been read, and nothing more was written until its offset was asked for.
    That takes the time of three questions to the broker; between two rounds there is as much,
    unless the stage works without a pause.
    """

    def __init__(
        self, bootstrap: str, topics: Topics, stage: StagePosition, changelog: str
    ) -> None:
        self._topics = topics
        self._stage = stage
        self._changelog = changelog
        changelogs = topics.partitions(changelog)
        self._moving = set(changelogs)
        self._rows: dict[Partition, dict[str, bytes]] = {each: {} for each in changelogs}
        self._reader = TopicReader(bootstrap, topics.starts(changelogs), wait_ms=5)

    def run(self, quiet_seconds: float) -> tuple[dict[int, TableRows], dict[Partition, int]]:
        """Rows by partition, where they could be had; and the stage's offset in each input."""
        ends = self._topics.ends(self._moving, committed=False)
        while any(self._reader.positions[each] < end for each, end in ends.items()):
            self._take(self._reader.read(0.5))
        deadline = time.monotonic() + quiet_seconds
        tables: dict[int, TableRows] = {}
        offsets: dict[Partition, int] = {}
        while self._moving:
            self._take(self._reader.read(_POLL_SECONDS))
            at_rest, committed = self._at_rest()
            for changelog in at_rest:
                number = changelog.number
                offsets |= {each: at for each, at in committed.items() if each.number == number}
                tables[number] = self._rows[changelog]
                self._moving.discard(changelog)
            if time.monotonic() > deadline:
                break
        return tables, self._stage.committed() | offsets

    def close(self) -> None:
        self._reader.close()

    def _at_rest(self) -> tuple[set[Partition], dict[Partition, int]]:
        """The partitions whose rows are those at the offsets given."""
        before = self._topics.ends(self._moving, committed=False)
        read = {each for each, end in before.items() if self._reader.positions[each] >= end}
        if not read:
            return set(), {}
        offsets = self._stage.committed()
        after = self._topics.ends(read, committed=False)
        return {each for each, end in after.items() if end == before[each]}, offsets

    def _take(self, records: Iterable[Record]) -> None:
        for record in records:
            if record.partition not in self._moving:
                continue
            rows = self._rows[record.partition]
            key = (record.key or b"").decode()
            if record.value is None:
                rows.pop(key, None)
            else:
                rows[key] = record.value
