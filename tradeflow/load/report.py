"""What a load run shows: a line while it runs, a report at its end."""

import time

from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tradeflow.answers import Answers
from tradeflow.latencies import Latencies
from tradeflow.load.run import LoadRun

_REFRESH_SECONDS = 0.25
_BAR_WIDTH = 40
_PERCENTILES = (50.0, 90.0, 99.0, 99.9)


class LoadScreen:
    """One line of progress, redrawn a few times a second; nothing where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._is_shown = console.is_terminal and not console.quiet
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._drawn = 0.0
        self._answered = 0

    def __enter__(self) -> "LoadScreen":
        if self._is_shown:
            self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._is_shown:
            self._live.stop()

    def show(self, run: LoadRun) -> None:
        """Draw the run as it stands, unless that was done just now."""
        now = time.perf_counter()
        if not self._is_shown or now - self._drawn < _REFRESH_SECONDS:
            return
        answers = run.answers
        rate = (answers.answered - self._answered) / (now - self._drawn) if self._drawn else 0.0
        self._drawn, self._answered = now, answers.answered
        line = Text.assemble(
            (f"{now - run.started:6.1f} s", "dim"),
            ("  sent ", "dim"),
            f"{answers.sent.total():,}",
            ("  answered ", "dim"),
            f"{answers.answered:,}",
            ("  per second ", "dim"),
            f"{rate:,.0f}",
            ("  rejected ", "dim"),
            f"{answers.rejected:,}",
            ("  p50 ", "dim"),
            milliseconds(answers.latencies.percentile(50)),
            ("  p99 ", "dim"),
            milliseconds(answers.latencies.percentile(99)),
        )
        self._live.update(line, refresh=True)


def render_report(run: LoadRun) -> RenderableType:
    """Counts, throughput and latencies of a run that ended."""
    answers = run.answers
    rate = answers.answered / run.seconds if run.seconds else 0.0
    parts: list[RenderableType] = [
        Text(
            f"\n{answers.sent.total():,} commands sent, {answers.answered:,} answered in"
            f" {run.seconds:,.1f} s ({rate:,.0f}/s), {answers.rejected:,} rejected",
            "bold",
        ),
        _outcome_table(run),
    ]
    unanswered = answers.waiting + answers.given_up
    if unanswered:
        parts.append(Text(f"{unanswered:,} commands without an answer", "red"))
    if answers.latencies.count:
        title = "From sending to the report read back, through orders, accounts and matching:"
        parts += [Text(title), _kind_table(answers), _histogram(answers.latencies)]
    return Group(*parts)


def milliseconds(seconds: float) -> str:
    """A time in ms with three figures that count."""
    return f"{seconds * 1_000:,.3g} ms" if seconds < 1 else f"{seconds:,.2f} s"


def _outcome_table(run: LoadRun) -> Table:
    table = Table("command", "outcome", "count", box=None, pad_edge=False)
    table.columns[2].justify = "right"
    before = ""
    for (kind, outcome), count in run.answers.counted_outcomes().items():
        table.add_row("" if kind == before else kind, outcome, f"{count:,}")
        before = kind
    for reason, count in run.answers.rejections.most_common():
        table.add_row("", Text(f"rejected: {reason}", "yellow"), f"{count:,}")
    return table


def _kind_table(answers: Answers) -> Table:
    """Percentiles by kind of command; a cancel does not go by accounts, so it is there sooner."""
    names = [f"p{percent:g}" for percent in _PERCENTILES]
    table = Table("command", "answered", *names, "max", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    rows = [*sorted(answers.latencies_by_kind.items()), ("all", answers.latencies)]
    for name, latencies in rows:
        figures = [latencies.percentile(percent) for percent in _PERCENTILES]
        shown = [milliseconds(seconds) for seconds in (*figures, latencies.max_seconds)]
        table.add_row(name, f"{latencies.count:,}", *shown)
    return table


def _histogram(latencies: Latencies) -> Table:
    histogram = list(latencies.histogram())
    largest = max(count for _, count in histogram)
    table = Table("up to", "count", "", box=None, pad_edge=False)
    for column in table.columns[:2]:
        column.justify = "right"
    for bound, count in histogram:
        bar = Bar(size=largest, begin=0, end=count, width=_BAR_WIDTH, color="cyan")
        table.add_row(milliseconds(bound), f"{count:,}", bar)
    return table
