"""Reads all topics of the log side by side, none far ahead of the others."""

import time

from schemas.topics import ORDERS_INCOMING
from tradeflow.checking.audit import LogAudit
from tradeflow.checking.checkpoint import Checkpoint, LogIdentity
from tradeflow.checking.cut import LogCut, Progress
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

_STALL_SECONDS = 60.0
_INPUT = ORDERS_INCOMING.name


class LogWalk:
    """One walk over the log, from a checkpoint or from its beginning, to a cut."""

    def __init__(
        self,
        bootstrap: str,
        topics: Topics,
        audit: LogAudit,
        cut: LogCut,
        checkpoint: Checkpoint | None,
    ) -> None:
        """Find where to begin.

        Raises:
            TradeflowError: a part of the log is gone that has not been looked at.
        """
        self._audit = audit
        self._cut = cut
        self.commands = 0
        self._begin: dict[Partition, int] = dict.fromkeys(cut.ends, 0)
        starts = dict(self._begin)
        if checkpoint is not None:
            audit.load(checkpoint.state)
            for partition in starts:
                start = checkpoint.starts.get(str(partition), 0)
                # Between a stage's cut and the last check's end is what is only under way.
                starts[partition] = min(start, cut.inputs.get(partition, start))
                self._begin[partition] = start
        for partition, first in topics.starts(cut.ends).items():
            if first > starts[partition]:
                raise TradeflowError(
                    f"{partition} begins at offset {first} only: what came before is gone.",
                    remedy="Journals are to be kept for ever (retention.ms=-1).",
                )
        self._starts = starts
        self._paused: set[Partition] = set()
        self._reader = TopicReader(bootstrap, starts)

    def run(self, progress: Progress) -> None:
        """Read everything up to the cut."""
        reader, ends = self._reader, self._cut.ends
        total = sum(max(0, end - self._starts[tp]) for tp, end in ends.items())
        moved = time.monotonic()
        try:
            while unread := self._unread():
                records = reader.read(0.2)
                for record in records:
                    self._take(record)
                self._balance(is_idle=not records)
                if records:
                    moved = time.monotonic()
                    left = sum(ends[tp] - reader.positions[tp] for tp in unread)
                    progress("checking", total - max(0, left), total)
                elif time.monotonic() - moved > _STALL_SECONDS:
                    raise TradeflowError(
                        f"{unread[0]} could not be read up to {ends[unread[0]]}.",
                        remedy="A transaction may be open for long: look at the workers.",
                    )
        finally:
            reader.close()

    def checkpoint(self, identity: LogIdentity) -> Checkpoint:
        """What the next check goes on from."""
        read_to = {partition: self._reader.positions[partition] for partition in self._cut.ends}
        return Checkpoint(
            identity=identity,
            starts={str(tp): offset for tp, offset in self._audit.resume(read_to).items()},
            state=self._audit.to_state(read_to),
            figures={each.invariant: dict(each.figures) for each in self._audit.findings},
        )

    def _unread(self) -> list[Partition]:
        return [tp for tp, end in self._cut.ends.items() if self._reader.positions[tp] < end]

    def _take(self, record: Record) -> None:
        partition = record.partition
        if partition.topic == _INPUT:
            is_new = self._begin[partition] <= record.offset and not record.is_tick
            self.commands += is_new and record.offset < self._cut.inputs[partition]
        self._audit.take(record)

    def _balance(self, *, is_idle: bool) -> None:
        """Let whoever is far ahead wait, unless everybody waits."""
        ends = self._cut.ends
        wanted = {tp for tp, end in ends.items() if self._reader.positions[tp] >= end}
        if not is_idle:
            ahead = self._audit.far_ahead()
            wanted |= {tp for tp in ends if tp in ahead or tp.topic in ahead}
        if wanted != self._paused:
            self._reader.resume(self._paused - wanted)
            self._reader.pause(wanted - self._paused)
            self._paused = wanted
