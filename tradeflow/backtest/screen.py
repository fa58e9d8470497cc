"""What a backtest shows while it runs: how far it has read, and how fast."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from tradeflow.backtest.run import BacktestRun


class BacktestScreen:
    """A progress bar; on a console that is no terminal there is none."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("[dim]recorded[/]"),
            TextColumn("{task.fields[clock]}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("[dim]moments[/] {task.fields[moments]:,}"),
            TextColumn("[dim]trades[/] {task.fields[trades]:,}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=None, clock="", moments=0, trades=0)
        self._read = 0

    def at(self, read: int) -> None:
        """So much of the source is read."""
        self._read = read

    @contextmanager
    def shown(self, size: int) -> Iterator[None]:
        """Show the bar within the block; ``size`` is all that there is to read."""
        self._progress.update(self._task, total=size or None)
        with self._progress:
            yield

    def show(self, run: "BacktestRun") -> None:
        """The run as it stands."""
        clock = datetime.fromtimestamp(run.now_ms / 1_000, UTC).strftime("%H:%M:%S")
        self._progress.update(
            self._task,
            completed=self._read,
            clock=clock,
            moments=run.moments,
            trades=run.trades,
        )
