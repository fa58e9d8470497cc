"""`tradeflow status`: how each part of the running exchange is."""

from typing import Annotated

import typer

EXIT_NOT_UP = 3


def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show what is up, where, and how far behind; the exit code is 3 where something is not.

    It looks at what tradeflow up started from this folder.
    """
    import json

    from rich.console import Console

    from tradeflow.commands.up import run_folder
    from tradeflow.supervision.parts import read_parts
    from tradeflow.supervision.screen import status_table
    from tradeflow.supervision.status import StatusView
    from tradeflow.supervision.supervisord import Supervisord

    folder = run_folder()
    parts = read_parts(folder)
    if not parts:
        typer.echo("TradeFlow is not up. Start it with: tradeflow up")
        raise typer.Exit(EXIT_NOT_UP)
    statuses = StatusView(folder, parts).look(Supervisord(folder).states())
    if as_json:
        for each in statuses:
            typer.echo(json.dumps(each.as_json()))
    else:
        Console(highlight=False).print(status_table(statuses))
    if any(each.state != "up" for each in statuses):
        raise typer.Exit(EXIT_NOT_UP)
