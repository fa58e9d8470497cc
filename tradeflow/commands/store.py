"""`tradeflow store`: the stores that TradeFlow brings along for machines without Docker."""

from typing import Annotated

import typer

from tradeflow.stores.kinds import StoreName, embedded_store

EXIT_NOT_RUNNING = 3

app = typer.Typer(
    name="store",
    help="Start and stop a real store on this machine, for development without Docker.",
    no_args_is_help=True,
)


Name = Annotated[StoreName, typer.Argument(help="Which one.", show_default=False)]


@app.command()
def start(name: Name) -> None:
    """Start a store, unless it runs already; it goes on when this command has ended."""
    store = embedded_store(name)
    store.start()
    typer.echo(f"{name} runs at {store.address}. Feed it with: tradeflow connect {name}")


@app.command()
def stop(name: Name) -> None:
    """Stop a store; its data is kept."""
    store = embedded_store(name)
    if not store.is_running():
        typer.echo(f"{name} does not run.")
        return
    store.stop(on_kill=lambda: typer.echo(f"{name} did not stop in time and is killed.", err=True))
    typer.echo(f"{name} is stopped; its data is kept.")


@app.command()
def status(name: Name) -> None:
    """Say whether a store runs; the exit code is 0 if it does and 3 if not."""
    store = embedded_store(name)
    if not store.is_running():
        typer.echo(f"{name} does not run. Start it with: tradeflow store start {name}")
        raise typer.Exit(EXIT_NOT_RUNNING)
    typer.echo(f"{name} runs at {store.address}.")
