"""`tradeflow makers`: market makers and a crowd, so that every book lives."""

from typing import Annotated

import typer


def makers(
    symbols: Annotated[
        str, typer.Option(help="Symbols, separated by commas.", show_default="all")
    ] = "",
    rate: Annotated[
        float, typer.Option(min=0.1, max=1_000, help="Commands a second, of all together.")
    ] = 10.0,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal characters.")] = 1,
    duration: Annotated[
        float | None, typer.Option(min=0.1, help="End after so many seconds.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Show nothing while it runs and no report.")
    ] = False,
) -> None:
    """Keep the books alive until Ctrl-C (tradeflow up does it for you).

    On each symbol a maker keeps 30 quotes a side around a price that wanders and gives way to
    what is traded, and a crowd trades with it and rests beside it. The accounts maker-SYMBOL and
    crowd-1, crowd-2, … pay; what they lack the house deposits, which is in the ledger.
    """
    from math import inf

    from rich.console import Console

    from tradeflow.commands.worker import configure_logging
    from tradeflow.load.report import render_report
    from tradeflow.residents.session import ResidentsPlan, live

    plan = ResidentsPlan(
        symbols=[symbol.strip() for symbol in symbols.split(",") if symbol.strip()],
        rate=rate,
        seed=seed,
        seconds=duration or inf,
    )
    configure_logging()
    console = Console(highlight=False, quiet=quiet)
    console.print(render_report(live(plan, console)))
