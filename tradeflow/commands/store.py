"""`tradeflow store`: the stores that TradeFlow brings along for machines without Docker."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Protocol

import typer

EXIT_NOT_RUNNING = 3

app = typer.Typer(
    name="store",
    help="Start and stop a real store on this machine, for development without Docker.",
    no_args_is_help=True,
)


class StoreName(StrEnum):
    """The stores there are."""

    MYSQL = "mysql"
    REDIS = "redis"
    MONGODB = "mongodb"


Name = Annotated[StoreName, typer.Argument(help="Which one.", show_default=False)]


class EmbeddedStore(Protocol):
    """A server with its own data folder; found again by whoever uses the same folder."""

    @property
    def address(self) -> str:
        """host:port; the same when it starts again."""

    def is_running(self) -> bool:
        """Whether its process lives."""

    def start(self) -> None:
        """Start it and return when it answers; raises TradeflowError."""

    def stop(self, on_kill: Callable[[], None] = lambda: None) -> None:
        """Stop it cleanly; ``on_kill`` is called if it has to be killed in the end."""


@app.command()
def start(name: Name) -> None:
    """Start a store, unless it runs already; it goes on when this command has ended."""
    store = _store(name)
    store.start()
    typer.echo(f"{name} runs at {store.address}. Feed it with: tradeflow connect {name}")


@app.command()
def stop(name: Name) -> None:
    """Stop a store; its data is kept."""
    store = _store(name)
    if not store.is_running():
        typer.echo(f"{name} does not run.")
        return
    store.stop(on_kill=lambda: typer.echo(f"{name} did not stop in time and is killed.", err=True))
    typer.echo(f"{name} is stopped; its data is kept.")


@app.command()
def status(name: Name) -> None:
    """Say whether a store runs; the exit code is 0 if it does and 3 if not."""
    store = _store(name)
    if not store.is_running():
        typer.echo(f"{name} does not run. Start it with: tradeflow store start {name}")
        raise typer.Exit(EXIT_NOT_RUNNING)
    typer.echo(f"{name} runs at {store.address}.")


def _store(name: StoreName) -> EmbeddedStore:
    makers: dict[StoreName, Callable[[], EmbeddedStore]] = {
        StoreName.MYSQL: _mysql,
        StoreName.REDIS: _redis,
        StoreName.MONGODB: _mongodb,
    }
    return makers[name]()


def _mysql() -> EmbeddedStore:
    from tradeflow.settings import load_settings
    from tradeflow.stores.mysql import EmbeddedMysql, EmbeddedMysqlSettings

    return EmbeddedMysql(load_settings(EmbeddedMysqlSettings))


def _redis() -> EmbeddedStore:
    from tradeflow.errors import TradeflowError
    from tradeflow.settings import load_settings

    try:
        from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
    except ImportError as error:
        raise TradeflowError(
            f"Redis needs the package {error.name}.",
            remedy="Install it with: pip install 'tradeflow[redis]'",
        ) from error
    return EmbeddedRedis(load_settings(EmbeddedRedisSettings))


def _mongodb() -> EmbeddedStore:
    from tradeflow.settings import load_settings
    from tradeflow.stores.mongodb import EmbeddedMongodb, EmbeddedMongodbSettings

    return EmbeddedMongodb(load_settings(EmbeddedMongodbSettings))
