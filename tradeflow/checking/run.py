"""Runs the checks over a broker's log."""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from schemas.instruments import Instrument, load_instruments
from schemas.topics import (
    ACCOUNTS_DEAD_LETTERS,
    ACCOUNTS_WALLET,
    ORDERS_COMMANDS,
    ORDERS_DEAD_LETTERS,
    ORDERS_INCOMING,
    ORDERS_ORDERS,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.app import ACCOUNTS, MATCHING, ORDERS
from streams.domain.orders import TIMEOUT_MS
from tradeflow.checking.audit import LogAudit
from tradeflow.checking.checkpoint import Checkpoint, CheckpointFile, identity_of
from tradeflow.checking.cut import CHANGELOGS, INPUTS, LogCut, Progress, take_cut
from tradeflow.checking.matching.outputs import OUTPUTS, SETTLEMENTS
from tradeflow.checking.matching.rerun import CHANGELOG
from tradeflow.checking.report import Report
from tradeflow.checking.stores.stores import Stores, check_stores
from tradeflow.checking.walk import LogWalk
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Topics

PATIENCE_SECONDS = 5.0
QUIET_SECONDS = 10.0

_INPUT = ORDERS_INCOMING.name
_MATCHING = (_INPUT, *(topic for topic in OUTPUTS if topic != SETTLEMENTS), CHANGELOG)
_ACCOUNTS = (
    WALLET_COMMANDS.name,
    WALLET_EVENTS.name,
    ACCOUNTS_DEAD_LETTERS.name,
    ACCOUNTS_WALLET.name,
)
_ORDERS = (ORDERS_COMMANDS.name, ORDERS_DEAD_LETTERS.name, ORDERS_ORDERS.name)


def run_checks(
    bootstrap: str,
    *,
    instruments: Mapping[str, Instrument] | None = None,
    folder: Path | None = None,
    from_start: bool = False,
    timeout_ms: int = TIMEOUT_MS,
    patience_seconds: float = PATIENCE_SECONDS,
    quiet_seconds: float = QUIET_SECONDS,
    stores: Stores | None = None,
    progress: Progress = lambda *_: None,
) -> Report:
    """Check the log up to a cut that is taken now, and the stores up to their own positions.

    Args:
        bootstrap: the broker.
        instruments: the rules that the stages run by; the default set where None.
        folder: where checkpoints are kept; None: none is read or written.
        from_start: read no checkpoint.
        timeout_ms: how long a step of a saga may take, as the orders stage was told.
        patience_seconds: how long to wait for a stage that is behind and does not move.
        quiet_seconds: how long to look for a moment at which a stage's tables can be read.
        stores: those that are held against the log; None: none.
        progress: is told what is done.

    Raises:
        TradeflowError: the log cannot be checked at all; a store that was asked for went away.
    """
    started = time.monotonic()
    topics = Topics(bootstrap)
    notes: list[str] = []
    stages, counts = _look_for_stages(topics.partition_counts(), notes)
    changelogs = [CHANGELOGS[stage] for stage in stages]
    file = None if folder is None else CheckpointFile(folder, identity_of(topics, counts))
    checkpoint = None if file is None or from_start else _read(file, notes)
    cut = take_cut(
        bootstrap,
        stages,
        [topic for topic in counts if topic not in changelogs],
        patience_seconds=patience_seconds,
        quiet_seconds=quiet_seconds,
        progress=progress,
    )
    audit = LogAudit(
        instruments or load_instruments(None), counts, cut.inputs, timeout_ms=timeout_ms
    )
    walk = LogWalk(bootstrap, topics, audit, cut, checkpoint)
    walk.run(progress)
    audit.finish(cut.tables)
    if checkpoint is not None:
        _add_figures(audit, checkpoint)
    _add_notes(notes, cut, audit)
    # What a store lacks is no reason to read the log again.
    if file is not None and all(findings.holds for findings in audit.findings):
        file.write(walk.checkpoint(file.identity))
    reports = []
    if stores is not None:
        reports = check_stores(stores, bootstrap, audit.found.stores, progress)
        notes += [line for each in reports for line in each.lines()]
    report = _report(audit, cut, walk.commands, time.monotonic() - started, notes)
    report.stores = reports
    report.other_stores = {} if stores is None else stores.why_not
    return report


def _report(
    audit: LogAudit, cut: LogCut, commands: int, seconds: float, notes: list[str]
) -> Report:
    return Report(
        findings=audit.findings,
        cut={str(partition): offset for partition, offset in sorted(cut.inputs.items())},
        state_hashes=audit.state_hashes(),
        money=[] if audit.accounts is None else list(audit.accounts.money.rows()),
        commands=commands,
        seconds=seconds,
        notes=notes,
    )


def _add_figures(audit: LogAudit, checkpoint: Checkpoint) -> None:
    """Figures say what was looked at since the beginning."""
    for findings in audit.findings:
        findings.figures.update(Counter(checkpoint.figures.get(findings.invariant, {})))


def _look_for_stages(
    all_counts: Mapping[str, int], notes: list[str]
) -> tuple[list[str], dict[str, int]]:
    """Which stages can be looked at, and the partition counts of all their topics."""
    missing = [name for name in _MATCHING if name not in all_counts]
    if missing:
        raise TradeflowError(
            f"There is no topic {missing[0]}: nothing was ever matched here.",
            remedy="Start the exchange with: tradeflow up",
        )
    stages, names = [MATCHING], list(_MATCHING)
    if all(name in all_counts for name in _ACCOUNTS):
        stages.append(ACCOUNTS)
        names += _ACCOUNTS
        if all(name in all_counts for name in _ORDERS):
            stages.append(ORDERS)
            names += _ORDERS
    elif SETTLEMENTS in all_counts:
        names.append(SETTLEMENTS)
    absent = [stage for stage in INPUTS if stage not in stages]
    if absent:
        notes.append(f"Not looked at, for want of its topics: {', '.join(absent)}.")
    return stages, {name: all_counts[name] for name in names}


def _read(file: CheckpointFile, notes: list[str]) -> Checkpoint | None:
    checkpoint, why_not = file.read()
    if checkpoint is not None:
        records = checkpoint.figures["I2"].get("records", 0)
        notes.append(f"Went on from {records:,} commands checked before.")
    elif why_not:
        notes.append(f"Checked from the beginning: {why_not}.")
    return checkpoint


def _add_notes(notes: list[str], cut: LogCut, audit: LogAudit) -> None:
    for stage, count in cut.unanswered.items():
        if count:
            notes.append(
                f"{stage.capitalize()} is behind: {count:,} commands in the log are not answered"
                " yet and were left out."
            )
        kept = cut.tables[CHANGELOGS[stage]]
        busy = sorted({each.number for each in cut.inputs if each.topic == INPUTS[stage][0]})
        busy = [number for number in busy if number not in kept]
        if busy:
            names = ", ".join(str(number) for number in busy)
            notes.append(
                f"The tables of partition {names} were not compared: {stage} never paused there."
            )
    unpaid = audit.found.holds.figures["unpaid orders"]
    if unpaid:
        notes.append(f"Unpaid: {unpaid:,} orders came to matching without a hold.")
