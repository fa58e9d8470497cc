"""The last records of a topic, and those that follow."""

from collections.abc import Iterator
from typing import Literal

from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

Begin = Literal["beginning", "end"] | int

# Transactions leave marks in the log that count as offsets and are no records.
_MARKS_ALLOWANCE = 100


def parse_start(text: str) -> Begin:
    """What --from says."""
    if text == "beginning":
        return "beginning"
    if text == "end":
        return "end"
    if text.isascii() and text.isdigit():
        return int(text)
    raise TradeflowError(f"--from={text} will not do.", remedy="Say beginning, end, or a number.")


class TopicTail:
    """Records of one topic, those with the given key and partition only."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        *,
        begin: Begin,
        key: bytes | None = None,
        partition: int | None = None,
        ticks: bool = False,
    ) -> None:
        """``ticks``: give them too, which only say that time passes."""
        self._bootstrap = bootstrap
        self._begin = begin
        self._key = key
        self._has_ticks = ticks
        topics = Topics(bootstrap)
        partitions = topics.partitions(topic)
        if partition is not None:
            if partition >= len(partitions):
                raise TradeflowError(
                    f"{topic} has no partition {partition}; it has 0 to {len(partitions) - 1}."
                )
            partitions = [partitions[partition]]
        self._starts = topics.starts(partitions)
        self._ends = topics.ends(partitions)
        self._reader: TopicReader | None = None

    def records(self, *, follows: bool) -> Iterator[Record]:
        """The records; in the end wait for more, if it follows."""
        if isinstance(self._begin, int):
            last, starts = self._last(self._begin)
            yield from last
        else:
            starts = self._starts if self._begin == "beginning" else self._ends
        if isinstance(self._begin, int) and not follows:
            return
        self._reader = reader = TopicReader(self._bootstrap, starts)
        while follows or not reader.at_end():
            for record in reader.read(0.5):
                if self._is_wanted(record):
                    yield record

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def _last(self, count: int) -> tuple[list[Record], dict[Partition, int]]:
        """The last ``count`` records by time, and where they end."""
        span = 2 * count + _MARKS_ALLOWANCE
        while True:
            starts = {
                partition: max(start, self._ends[partition] - span)
                for partition, start in self._starts.items()
            }
            found, positions = self._read_to_end(starts)
            if len(found) >= count or starts == self._starts:
                found.sort(key=lambda record: record.timestamp_ms)
                return found[len(found) - count :] if count < len(found) else found, positions
            span *= 10

    def _read_to_end(
        self, starts: dict[Partition, int]
    ) -> tuple[list[Record], dict[Partition, int]]:
        reader = TopicReader(self._bootstrap, starts)
        found = []
        try:
            while not reader.at_end():
                found += [record for record in reader.read(0.5) if self._is_wanted(record)]
            return found, dict(reader.positions)
        finally:
            reader.close()

    def _is_wanted(self, record: Record) -> bool:
        if self._key is not None:
            return record.key == self._key
        return self._has_ticks or not record.is_tick
