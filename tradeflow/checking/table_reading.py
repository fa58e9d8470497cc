"""Reads the tables of the matching stage together with the offset at which it had these rows."""

import time
from collections.abc import Iterable

from tradeflow.checking.rerun import CHANGELOG, TableRows
from tradeflow.checking.stage_position import StagePosition
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

_POLL_SECONDS = 0.02


class TableReading:
    """Follows the changelogs until each input partition was seen at rest for a moment.

    The stage commits rows and offsets in one transaction, but a reader of several partitions sees
    parts of it sooner than others.  So a partition's rows are taken when all that was ever written
    to its changelogs has been read, and nothing more was written until its offset was asked for.
    That takes the time of three questions to the broker; between two rounds there is as much,
    unless the stage works without a pause.
    """

    def __init__(self, bootstrap: str, topics: Topics, stage: StagePosition) -> None:
        self._topics = topics
        self._stage = stage
        changelogs = topics.partitions(CHANGELOG)
        self._moving = set(changelogs)
        self._rows: dict[Partition, dict[str, bytes]] = {each: {} for each in changelogs}
        self._reader = TopicReader(bootstrap, topics.starts(changelogs), wait_ms=5)

    def run(self, quiet_seconds: float) -> tuple[dict[int, TableRows], dict[int, int]]:
        """Rows by input partition, where they could be had; and the offset of each partition."""
        ends = self._topics.ends(self._moving, committed=False)
        while any(self._reader.positions[each] < end for each, end in ends.items()):
            self._take(self._reader.read(0.5))
        deadline = time.monotonic() + quiet_seconds
        tables: dict[int, TableRows] = {}
        offsets: dict[int, int] = {}
        while self._moving:
            self._take(self._reader.read(_POLL_SECONDS))
            for number, offset in self._at_rest().items():
                offsets[number] = offset
                changelog = Partition(CHANGELOG, number)
                tables[number] = self._rows[changelog]
                self._moving.discard(changelog)
            if time.monotonic() > deadline:
                break
        return tables, self._stage.committed() | offsets

    def close(self) -> None:
        self._reader.close()

    def _at_rest(self) -> dict[int, int]:
        """The partitions whose rows are those at the offset given."""
        before = self._topics.ends(self._moving, committed=False)
        behind = {each.number for each, end in before.items() if self._reader.positions[each] < end}
        read = {each for each in self._moving if each.number not in behind}
        if not read:
            return {}
        offsets = self._stage.committed()
        after = self._topics.ends(read, committed=False)
        written = {each.number for each, end in after.items() if end != before[each]}
        return {each.number: offsets[each.number] for each in read if each.number not in written}

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
