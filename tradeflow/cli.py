"""The command `tradeflow`: puts the commands together and prints errors for people.

This module is imported at every start, `tradeflow --help` too, so it imports nothing heavy:
each command brings in what it needs when it runs.
"""

import sys
from typing import Annotated

import typer

from tradeflow import __version__
from tradeflow.commands import (
    account,
    audit,
    backtest,
    bench,
    book,
    broker,
    check,
    clock,
    connect,
    down,
    env,
    gateway,
    key,
    load,
    makers,
    order,
    replay,
    reprocess,
    sagas,
    simulate,
    status,
    store,
    tail,
    topics,
    up,
    worker,
)
from tradeflow.compiled_core import require_no_stale_core
from tradeflow.errors import TradeflowError

app = typer.Typer(
    name="tradeflow",
    help="An exchange in a box: orders in, matched trades, balances and market data out.",
    no_args_is_help=True,
    add_completion=False,
    # A bug's traceback is for the bug report: plain, without the values of local variables.
    pretty_exceptions_enable=False,
)
app.command()(up.up)
app.command()(down.down)
app.command()(status.status)
app.command()(load.load)
app.command()(makers.makers)
app.command()(replay.replay)
app.command()(reprocess.reprocess)
app.command()(backtest.backtest)
app.command()(book.book)
app.command()(tail.tail)
app.command()(sagas.sagas)
app.command()(check.check)
app.command()(simulate.simulate)
app.command()(clock.clock)
app.command()(gateway.gateway)
app.command()(env.env)
app.command()(topics.topics)
app.command()(bench.bench)
app.add_typer(account.app)
app.add_typer(audit.app)
app.add_typer(broker.app)
app.add_typer(connect.app)
app.add_typer(key.app)
app.add_typer(order.app)
app.add_typer(store.app)
app.add_typer(worker.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tradeflow {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", "-v", help="Show the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options that stand before any command."""
    require_no_stale_core()


def main() -> None:
    """Run the command line; an error that a person can act on is one line and an exit code."""
    try:
        app()
    except TradeflowError as error:
        typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
