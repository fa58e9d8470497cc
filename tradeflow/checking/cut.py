"""A consistent cut of the log: commands up to it, with all that came of them and the rows then."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from tradeflow.checking.answered import OUTPUTS
from tradeflow.checking.audit import INPUT
from tradeflow.checking.rerun import TableRows
from tradeflow.checking.stage_position import StagePosition
from tradeflow.checking.table_reading import TableReading
from tradeflow.topic_reader import Partition, TopicReader, Topics

_POLL_SECONDS = 0.2
_STILL_SECONDS = 0.5

Progress = Callable[[str, int, int], None]
"""What is done, how much of it, of how much."""


@dataclass(slots=True)
class LogCut:
    """Where a check ends."""

    inputs: dict[int, int]
    """Input partition -> offset of the first command that is not looked at."""
    outputs: dict[Partition, int]
    """Up to where the outputs are read; it may be more than the inputs caused."""
    tables: dict[int, TableRows] = field(default_factory=dict)
    """The rows at ``inputs``, of the partitions where that could be had."""
    unanswered: int = 0
    """Commands behind the cut that were in the log when the check began."""


def take_cut(
    bootstrap: str,
    *,
    patience_seconds: float,
    quiet_seconds: float,
    progress: Progress = lambda *_: None,
) -> LogCut:
    """Wait until the commands that are in the log now are answered, and cut there.

    A stage that does not move for ``patience_seconds`` is not waited for: the cut is where it
    stands.  Rows can be had at a moment at which no round is open; for such a moment it waits at
    most ``quiet_seconds``, and else goes without them.
    """
    topics = Topics(bootstrap)
    inputs = topics.partitions(INPUT)
    stage = StagePosition(bootstrap, inputs)
    try:
        ends = topics.ends(inputs)
        _await_answers(bootstrap, stage, ends, patience_seconds, progress)
        with closing(TableReading(bootstrap, topics, stage)) as reading:
            tables, offsets = reading.run(quiet_seconds)
    finally:
        stage.close()
    outputs = topics.partitions(*(topic.name for topic in OUTPUTS))
    return LogCut(
        inputs=offsets,
        # What is still open belongs to later commands, or is waited for when it is read.
        outputs=topics.ends(outputs, committed=False),
        tables=tables,
        unanswered=_records_between(bootstrap, offsets, ends),
    )


def _await_answers(
    bootstrap: str,
    stage: StagePosition,
    ends: Mapping[Partition, int],
    patience_seconds: float,
    progress: Progress,
) -> None:
    wanted = {partition.number: end for partition, end in ends.items()}
    total = sum(wanted.values())
    done, moved = -1, time.monotonic()
    while True:
        committed = stage.committed()
        now = time.monotonic()
        reached = sum(min(committed[number], end) for number, end in wanted.items())
        if reached == total:
            return
        if reached > done:
            done, moved = reached, now
        elif now - moved > patience_seconds:
            return
        elif now - moved > _STILL_SECONDS and not _records_between(bootstrap, committed, ends):
            return  # what is left are marks of transactions
        progress("waiting for matching", reached, total)
        time.sleep(_POLL_SECONDS)


def _records_between(
    bootstrap: str, starts: Mapping[int, int], ends: Mapping[Partition, int]
) -> int:
    """Records in the log from one position to another: marks of transactions are none."""
    open_ends = {
        partition: end for partition, end in ends.items() if starts[partition.number] < end
    }
    if not open_ends:
        return 0
    reader = TopicReader(
        bootstrap, {partition: starts[partition.number] for partition in open_ends}
    )
    try:
        count = 0
        while any(reader.positions[partition] < end for partition, end in open_ends.items()):
            count += sum(record.offset < open_ends[record.partition] for record in reader.read(1.0))
        return count
    finally:
        reader.close()
