"""`tradeflow store`: real stores on this machine, for whoever has no Docker."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradeflow.stores.redis import EmbeddedRedis

# What systemctl status answers for a service that does not run.
EXIT_NOT_RUNNING = 3

app = typer.Typer(
    name="store",
    help="Start, stop and look at a store's server on this machine.",
    no_args_is_help=True,
)


class Store(StrEnum):
    """The stores that can be started here."""

    REDIS = "redis"


Name = Annotated[Store, typer.Argument(help="Which store.", show_default=False)]


@app.command()
def start(name: Name) -> None:
    """Start a server and wait until it answers. Data of earlier runs is still there."""
    server = _server(name)
    already = server.pid is not None
    server.start()
    word = "runs already" if already else "is up"
    typer.echo(f"{name.capitalize()} {word} at {server.url} (data in {server.data_dir}).")
    if not already:
        typer.echo(f"Next: tradeflow connect {name}. To stop it: tradeflow store stop {name}.")


@app.command()
def stop(name: Name) -> None:
    """Stop a server; its data is kept."""
    server = _server(name)
    if server.pid is None:
        typer.echo(f"{name.capitalize()} does not run.")
        return
    server.stop()
    typer.echo(f"{name.capitalize()} is stopped; its data stays in {server.data_dir}.")


@app.command()
def status(name: Name) -> None:
    """Say whether a server runs; the exit code is 0 if it does and 3 if it does not."""
    server = _server(name)
    pid = server.pid
    if pid is None:
        typer.echo(f"{name.capitalize()} does not run.")
        raise typer.Exit(EXIT_NOT_RUNNING)
    typer.echo(f"{name.capitalize()} runs at {server.url} (process {pid}).")


def _server(name: Store) -> "EmbeddedRedis":
    from tradeflow.errors import TradeflowError
    from tradeflow.settings import load_settings

    try:
        from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
    except ImportError as error:
        raise TradeflowError(
            f"{name.capitalize()} needs the package {error.name}.",
            remedy=f"Install it with: pip install 'tradeflow[{name}]'",
        ) from error
    return EmbeddedRedis(load_settings(EmbeddedRedisSettings))
