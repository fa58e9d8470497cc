"""`tradeflow check`: whether the log keeps every promise, and the stores agree with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradeflow.stores.kinds import StoreName

if TYPE_CHECKING:
    from schemas.instruments import Instrument
    from tradeflow.checking.stores.stores import Stores


def check(
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Read the whole log, not from the last check on.")
    ] = False,
    store: Annotated[
        list[StoreName] | None,
        typer.Option(
            help="Hold this store against the log, and no other that is not named; repeatable. It"
            " must answer.",
            show_default="all that answer",
        ),
    ] = None,
    no_stores: Annotated[bool, typer.Option("--no-stores", help="Look at the log alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    folder: Annotated[Path, typer.Option("--dir", help="Where checkpoints are kept.")] = Path(
        ".tradeflow/check"
    ),
) -> None:
    """Check the invariants over the log; the exit code is 1 if one is violated.

    Stores are held against the log too, as far as their connectors have written: those that the
    settings of tradeflow connect name, or that run here.
    """
    import json

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from schemas.instruments import load_instruments
    from tradeflow.checking import run_checks
    from tradeflow.commands.worker import streams_settings
    from tradeflow.running_broker import running_broker

    settings = streams_settings()
    instruments = load_instruments(settings.instruments)
    bootstrap = running_broker()
    stores = _stores(instruments, store or [], no_stores)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking at the log", total=None)

        def show(what: str, done: int, total: int) -> None:
            # 0 of 0: nobody knows yet how much there is.
            bar.update(task, description=what, completed=done, total=total or None)

        report = run_checks(
            bootstrap,
            instruments=instruments,
            folder=folder,
            from_start=from_start,
            timeout_ms=settings.saga_timeout_ms,
            stores=stores,
            progress=show,
        )
    if as_json:
        print(json.dumps(report.as_json()))
    else:
        Console(highlight=False, soft_wrap=True).print(report.as_text())
    if not report.holds:
        raise typer.Exit(1)


def _stores(
    instruments: "Mapping[str, Instrument]", wanted: list[StoreName], none_at_all: bool
) -> "Stores | None":
    from tradeflow.checking.stores.stores import find_stores
    from tradeflow.errors import TradeflowError

    if none_at_all and wanted:
        raise TradeflowError(f"--no-stores and --store {wanted[0]} contradict each other.")
    return None if none_at_all else find_stores(instruments, wanted or None)
