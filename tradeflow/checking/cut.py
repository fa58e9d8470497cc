"""A consistent cut of the log: commands up to it, with all that came of them and the rows then.

The stages are asked one after the other, orders first and accounts last: ``holds.py`` says why.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

from schemas.topics import (
    ACCOUNTS_WALLET,
    MATCHING_BOOK,
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    ORDERS_ORDERS,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.app import ACCOUNTS, MATCHING, ORDERS
from tradeflow.checking.rows import TableRows
from tradeflow.checking.stage_position import StagePosition
from tradeflow.checking.table_reading import TableReading
from tradeflow.topic_reader import Partition, TopicReader, Topics

_POLL_SECONDS = 0.2
_STILL_SECONDS = 0.5

INPUTS: Mapping[str, tuple[str, ...]] = {
    ORDERS: (ORDERS_COMMANDS.name, WALLET_EVENTS.name, ORDERS_EXECUTIONS.name),
    MATCHING: (ORDERS_INCOMING.name,),
    ACCOUNTS: (WALLET_COMMANDS.name,),
}
"""The stages in the order in which they are cut, and what each reads."""

CHANGELOGS = {
    ORDERS: ORDERS_ORDERS.name,
    MATCHING: MATCHING_BOOK.name,
    ACCOUNTS: ACCOUNTS_WALLET.name,
}

# An order's way: to be paid for, matched and settled, each stage has to come to its end once more.
_WAY = (ORDERS, ACCOUNTS, ORDERS, MATCHING, ACCOUNTS, ORDERS)

Progress = Callable[[str, int, int], None]
"""What is done, how much of it, of how much."""


@dataclass(slots=True)
class LogCut:
    """Where a check ends."""

    inputs: dict[Partition, int]
    """Input partition -> offset of the first command that is not looked at."""
    ends: dict[Partition, int]
    """Up to where everything is read: more than the inputs caused."""
    tables: dict[str, dict[int, TableRows]] = field(default_factory=dict)
    """By changelog: the rows at ``inputs``, of the partitions where that could be had."""
    unanswered: dict[str, int] = field(default_factory=dict)
    """By stage: commands behind the cut that were in the log when the check began."""


def take_cut(
    bootstrap: str,
    stages: list[str],
    topics_read: list[str],
    *,
    patience_seconds: float,
    quiet_seconds: float,
    progress: Progress = lambda *_: None,
) -> LogCut:
    """Wait until the commands that are in the log now are answered, and cut there.

    A stage that does not move for ``patience_seconds`` is not waited for: the cut is where it
    stands.  Rows can be had at a moment at which no round is open; for such a moment it waits at
    most ``quiet_seconds`` a stage, and else goes without them.
    """
    topics = Topics(bootstrap)
    cut = LogCut({}, {})
    with _positions(bootstrap, topics, stages) as positions:
        waits = _Waits(bootstrap, topics, patience_seconds, progress)
        asked = {name: topics.ends(position.partitions) for name, position in positions.items()}
        for name in _WAY:
            if name in positions:
                waits.run(positions[name])
        asked |= {name: topics.ends(positions[name].partitions) for name in waits.still}
        for name, position in positions.items():
            with closing(TableReading(bootstrap, topics, position, CHANGELOGS[name])) as reading:
                cut.tables[CHANGELOGS[name]], offsets = reading.run(quiet_seconds)
            cut.inputs |= offsets
        for name, ends in asked.items():
            first = _first_input(name, ends)
            cut.unanswered[name] = _records_between(bootstrap, cut.inputs, first)
    # What is still open belongs to later commands, or is waited for when it is read.
    cut.ends = topics.ends(topics.partitions(*topics_read), committed=False)
    return cut


@contextmanager
def _positions(
    bootstrap: str, topics: Topics, stages: list[str]
) -> Iterator[dict[str, StagePosition]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                closing(StagePosition(bootstrap, name, topics.partitions(*inputs)))
            )
            for name, inputs in INPUTS.items()
            if name in stages
        }


class _Waits:
    """Waits for stages to come to where their inputs end; for one that stands still only once."""

    def __init__(
        self, bootstrap: str, topics: Topics, patience_seconds: float, progress: Progress
    ) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._patience_seconds = patience_seconds
        self._progress = progress
        self.still: set[str] = set()
        """The stages that were given up."""

    def run(self, stage: StagePosition) -> None:
        """Wait for one stage."""
        if stage.group in self.still:
            return
        ends = self._topics.ends(stage.partitions)
        if not any(_first_input(stage.group, ends).values()):
            return  # nobody has asked it for anything
        total = sum(ends.values())
        done, moved = -1, time.monotonic()
        while True:
            committed = stage.committed()
            now = time.monotonic()
            reached = sum(min(committed[each], end) for each, end in ends.items())
            if reached == total:
                return
            if reached > done:
                done, moved = reached, now
            elif now - moved > self._patience_seconds:
                self.still.add(stage.group)
                return
            elif now - moved > _STILL_SECONDS and not self._records_left(committed, ends):
                return  # what is left are marks of transactions
            self._progress(f"waiting for {stage.group}", reached, total)
            time.sleep(_POLL_SECONDS)

    def _records_left(
        self, committed: Mapping[Partition, int], ends: Mapping[Partition, int]
    ) -> int:
        return _records_between(self._bootstrap, committed, ends)


def _first_input(stage: str, offsets: Mapping[Partition, int]) -> dict[Partition, int]:
    """Those of a stage's first input, which has what it is asked for: of others it is told."""
    return {each: at for each, at in offsets.items() if each.topic == INPUTS[stage][0]}


def _records_between(
    bootstrap: str, starts: Mapping[Partition, int], ends: Mapping[Partition, int]
) -> int:
    """Records in the log from one position to another: marks of transactions are none."""
    open_ends = {partition: end for partition, end in ends.items() if starts[partition] < end}
    if not open_ends:
        return 0
    reader = TopicReader(bootstrap, {partition: starts[partition] for partition in open_ends})
    try:
        count = 0
        while any(reader.positions[partition] < end for partition, end in open_ends.items()):
            count += sum(record.offset < open_ends[record.partition] for record in reader.read(1.0))
        return count
    finally:
        reader.close()
