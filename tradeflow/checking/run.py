"""Runs the checks over a broker's log."""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from schemas.instruments import Instrument, load_instruments
from tradeflow.checking.answered import OUTPUTS
from tradeflow.checking.audit import INPUT, LogAudit
from tradeflow.checking.checkpoint import Checkpoint, CheckpointFile, LogIdentity, identity_of
from tradeflow.checking.cut import LogCut, Progress, take_cut
from tradeflow.checking.report import Report
from tradeflow.checking.rerun import CHANGELOG
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

PATIENCE_SECONDS = 5.0
QUIET_SECONDS = 10.0
_OPEN_MAX = 20_000
"""Commands, or outputs of one partition, that may wait for their counterparts."""
_STALL_SECONDS = 60.0

_TOPICS = (INPUT, *(topic.name for topic in OUTPUTS), CHANGELOG)


def run_checks(
    bootstrap: str,
    *,
    instruments: Mapping[str, Instrument] | None = None,
    folder: Path | None = None,
    from_start: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
    quiet_seconds: float = QUIET_SECONDS,
    progress: Progress = lambda *_: None,
) -> Report:
    """Check the log up to a cut that is taken now.

    Args:
        bootstrap: the broker.
        instruments: the rules that matching runs by; the default set where None.
        folder: where checkpoints are kept; None: none is read or written.
        from_start: read no checkpoint.
        patience_seconds: how long to wait for a stage that is behind and does not move.
        quiet_seconds: how long to look for a moment at which the tables can be read.
        progress: is told what is done.

    Raises:
        TradeflowError: the log cannot be checked at all.
    """
    started = time.monotonic()
    topics = Topics(bootstrap)
    counts = topics.partition_counts()
    _require_topics(counts)
    notes: list[str] = []
    file = None if folder is None else CheckpointFile(folder, identity_of(topics, _TOPICS))
    checkpoint = None if file is None or from_start else _read(file, notes)
    cut = take_cut(
        bootstrap,
        patience_seconds=patience_seconds,
        quiet_seconds=quiet_seconds,
        progress=progress,
    )
    audit = LogAudit(instruments or load_instruments(None), counts, cut.inputs)
    walk = _Walk(bootstrap, topics, audit, cut, checkpoint)
    walk.run(progress)
    audit.finish(cut.tables)
    _add_notes(notes, cut)
    if checkpoint is not None:
        _add_figures(audit, checkpoint)
    report = Report(
        findings=audit.findings,
        cut={f"{INPUT}/{number}": offset for number, offset in sorted(cut.inputs.items())},
        state_hashes=audit.rerun.state_hashes(),
        commands=walk.commands,
        seconds=time.monotonic() - started,
        notes=notes,
    )
    if file is not None and report.holds:
        file.write(walk.checkpoint(file.identity))
    return report


class _Walk:
    """Reads inputs and outputs side by side, neither far ahead of the other."""

    def __init__(
        self,
        bootstrap: str,
        topics: Topics,
        audit: LogAudit,
        cut: LogCut,
        checkpoint: Checkpoint | None,
    ) -> None:
        self._audit = audit
        self._cut = cut
        self.commands = 0
        inputs = [Partition(INPUT, number) for number in cut.inputs]
        first = topics.starts([*inputs, *cut.outputs])
        self._ends = {
            **{partition: cut.inputs[partition.number] for partition in inputs},
            **cut.outputs,
        }
        self._starts = dict.fromkeys(first, 0) if checkpoint is None else _positions(checkpoint)
        for partition, start in first.items():
            if start > self._starts[partition]:
                raise TradeflowError(
                    f"{partition} begins at offset {start} only: what came before is gone.",
                    remedy="Journals are to be kept for ever (retention.ms=-1).",
                )
        if checkpoint is not None:
            audit.load(checkpoint.state)
            verified = {
                partition: checkpoint.outputs_end[str(partition)] for partition in cut.outputs
            }
            audit.begin(checkpoint.inputs, verified)
        self._paused: set[Partition] = set()
        self._reader = TopicReader(bootstrap, self._starts)

    def run(self, progress: Progress) -> None:
        """Read everything up to the cut."""
        reader = self._reader
        total = sum(max(0, end - self._starts[tp]) for tp, end in self._ends.items())
        moved = time.monotonic()
        try:
            while unread := self._unread():
                records = reader.read(0.2)
                for record in records:
                    self._take(record)
                self._balance(is_idle=not records)
                if records:
                    moved = time.monotonic()
                    left = sum(self._ends[tp] - reader.positions[tp] for tp in unread)
                    progress("checking", total - max(0, left), total)
                elif time.monotonic() - moved > _STALL_SECONDS:
                    raise TradeflowError(
                        f"{unread[0]} could not be read up to {self._ends[unread[0]]}.",
                        remedy="A transaction may be open for long: look at the workers.",
                    )
        finally:
            reader.close()

    def checkpoint(self, identity: LogIdentity) -> Checkpoint:
        """What the next check goes on from."""
        ends = {str(tp): self._reader.positions[tp] for tp in self._cut.outputs}
        begin = {
            str(tp): self._audit.beyond.get(tp, self._reader.positions[tp])
            for tp in self._cut.outputs
        }
        return Checkpoint(
            identity=identity,
            inputs=dict(self._cut.inputs),
            outputs_begin=begin,
            outputs_end=ends,
            state=self._audit.to_state(),
            figures={each.invariant: dict(each.figures) for each in self._audit.findings},
        )

    def _unread(self) -> list[Partition]:
        return [tp for tp, end in self._ends.items() if self._reader.positions[tp] < end]

    def _take(self, record: Record) -> None:
        if record.partition.topic == INPUT and record.offset < self._ends[record.partition]:
            self.commands += 1
        self._audit.take(record)

    def _balance(self, *, is_idle: bool) -> None:
        """Let whoever is far ahead wait, unless everybody waits."""
        wanted = {tp for tp, end in self._ends.items() if self._reader.positions[tp] >= end}
        if not is_idle:
            early = self._audit.pairing.early_outputs()
            wanted |= {tp for tp, count in early.items() if count > _OPEN_MAX}
            if self._audit.pairing.open_commands > _OPEN_MAX:
                wanted |= {tp for tp in self._ends if tp.topic == INPUT}
        if wanted != self._paused:
            self._reader.resume(self._paused - wanted)
            self._reader.pause(wanted - self._paused)
            self._paused = wanted


def _positions(checkpoint: Checkpoint) -> dict[Partition, int]:
    positions = {Partition(INPUT, number): at for number, at in checkpoint.inputs.items()}
    for name, offset in checkpoint.outputs_begin.items():
        topic, _, number = name.rpartition("/")
        positions[Partition(topic, int(number))] = offset
    return positions


def _require_topics(counts: Mapping[str, int]) -> None:
    missing = [name for name in _TOPICS if name not in counts]
    if missing:
        raise TradeflowError(
            f"There is no topic {missing[0]}: nothing was ever matched here.",
            remedy="Start the exchange with: tradeflow up",
        )


def _read(file: CheckpointFile, notes: list[str]) -> Checkpoint | None:
    checkpoint, why_not = file.read()
    if checkpoint is not None:
        notes.append(f"Went on from {sum(checkpoint.inputs.values()):,} commands checked before.")
    elif why_not:
        notes.append(f"Checked from the beginning: {why_not}.")
    return checkpoint


def _add_notes(notes: list[str], cut: LogCut) -> None:
    if cut.unanswered:
        notes.append(
            f"Matching is behind: {cut.unanswered:,} commands in the log are not answered yet"
            " and were left out."
        )
    busy = sorted(set(cut.inputs) - set(cut.tables))
    if busy:
        names = ", ".join(str(number) for number in busy)
        notes.append(
            f"The tables of partition {names} were not compared: matching never paused there."
        )


def _add_figures(audit: LogAudit, checkpoint: Checkpoint) -> None:
    """Figures say what was looked at since the beginning; rows are looked at anew each time."""
    for findings in audit.findings:
        before = Counter(checkpoint.figures.get(findings.invariant, {}))
        before.pop("table rows", None)
        findings.figures.update(before)
