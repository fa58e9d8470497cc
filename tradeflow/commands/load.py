"""`tradeflow load`: a seeded flow of orders against the running exchange."""

from typing import Annotated

import typer


def load(
    symbols: Annotated[
        str, typer.Option(help="Symbols, separated by commas.", show_default="all")
    ] = "",
    rate: Annotated[float, typer.Option(min=0, help="Commands a second; 0: flat out.")] = 100.0,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many commands.")] = None,
    duration: Annotated[
        float | None, typer.Option(min=0.1, help="End after so many seconds.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal flows.")] = 1,
    accounts: Annotated[
        int, typer.Option(min=1, max=1_000, help="How many accounts take part.")
    ] = 10,
    mix: Annotated[
        str, typer.Option(help="What the flow is made of, as weights.")
    ] = "makers=35,takers=20,cancels=45",
    open_orders: Annotated[
        int, typer.Option(min=1, help="About as many orders stay open on each symbol.")
    ] = 200,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Show nothing while it runs and no report.")
    ] = False,
) -> None:
    """Send a seeded flow of orders; without --count and --duration until Ctrl-C.

    Makers quote near a price that walks at random, takers trade against them, and of the cancels
    some replace or reduce an order instead, so that the books keep their size. The accounts
    load-1, load-2, … pay: at the start they are opened, and what they lack is deposited. The
    latency is the time from sending a command to reading its first execution report.
    """
    from math import inf

    from rich.console import Console

    from tradeflow.commands.worker import configure_logging
    from tradeflow.flow.mix import Mix
    from tradeflow.load.report import render_report
    from tradeflow.load.run import Limits
    from tradeflow.load.session import LoadPlan, load_exchange

    plan = LoadPlan(
        symbols=[symbol.strip() for symbol in symbols.split(",") if symbol.strip()],
        mix=Mix.parse(mix),
        seed=seed,
        accounts=accounts,
        open_target=open_orders,
        limits=Limits(rate=rate or inf, count=count or inf, seconds=duration or inf),
    )
    configure_logging()
    console = Console(highlight=False, quiet=quiet)
    run = load_exchange(plan, console)
    console.print(render_report(run))
