"""`tradeflow check`: whether the log keeps every promise."""

from pathlib import Path
from typing import Annotated

import typer


def check(
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Read the whole log, not from the last check on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    folder: Annotated[Path, typer.Option("--dir", help="Where checkpoints are kept.")] = Path(
        ".tradeflow/check"
    ),
) -> None:
    """Check the invariants over the log; the exit code is 1 if one is violated."""
    import json

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from schemas.instruments import load_instruments
    from tradeflow.checking import run_checks
    from tradeflow.commands.worker import streams_settings
    from tradeflow.running_broker import running_broker

    settings = streams_settings()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking at the log", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        report = run_checks(
            running_broker(),
            instruments=load_instruments(settings.instruments),
            folder=folder,
            from_start=from_start,
            timeout_ms=settings.saga_timeout_ms,
            progress=show,
        )
    if as_json:
        print(json.dumps(report.as_json()))
    else:
        Console(highlight=False, soft_wrap=True).print(report.as_text())
    if not report.holds:
        raise typer.Exit(1)
