"""`tradeflow broker`: the local Kafka broker, from the command line."""

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tradeflow.broker import EmbeddedBroker

# What systemctl status answers for a service that does not run.
EXIT_NOT_RUNNING = 3

app = typer.Typer(
    name="broker",
    help="Start, stop and look at the local Kafka broker.",
    epilog="Set BROKER=host:port to use a broker that runs already; then nothing is started here.",
    no_args_is_help=True,
)

DataDir = Annotated[
    Path | None,
    typer.Option(help="The broker's folder.", show_default=".tradeflow/kafka"),
]
Port = Annotated[
    int | None,
    typer.Option(help="Where clients connect; 0 picks a free port.", show_default="9092"),
]


@app.command()
def start(
    data_dir: DataDir = None,
    port: Port = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay, and stop the broker on Ctrl-C.")
    ] = False,
) -> None:
    """Start the broker and wait until it answers. Data of earlier runs is still there."""
    if _external_answers():
        typer.echo("Nothing was started.")
        return
    broker = _embedded(data_dir=data_dir, port=port)
    already = broker.is_running()
    broker.start()
    word = "runs already" if already else "is up"
    typer.echo(f"The broker {word} at {broker.bootstrap} (data in {broker.data_dir}).")
    if foreground:
        _stay(broker)
    elif not already:
        typer.echo("Next: tradeflow up. To stop the broker: tradeflow broker stop.")


@app.command()
def stop(data_dir: DataDir = None) -> None:
    """Stop the broker; its data is kept."""
    from tradeflow.broker import external_broker

    if bootstrap := external_broker():
        typer.echo(f"BROKER={bootstrap} is not ours to stop. Unset BROKER to stop the local one.")
        return
    broker = _embedded(data_dir=data_dir)
    if not broker.is_running():
        typer.echo("The broker does not run.")
        return
    broker.stop(on_kill=_say_kill)
    typer.echo(f"The broker is stopped; its data stays in {broker.data_dir}.")


@app.command()
def status(data_dir: DataDir = None) -> None:
    """Say whether the broker runs; the exit code is 0 if it answers and 3 if it does not run."""
    if _external_answers():
        return
    from tradeflow.broker.probe import Probe

    broker = _embedded(data_dir=data_dir)
    pid = broker.pid
    if pid is None:
        typer.echo("The broker does not run. Start it with: tradeflow broker start")
        raise typer.Exit(EXIT_NOT_RUNNING)
    if Probe(broker.bootstrap).cluster_id(timeout_seconds=5.0) is None:
        typer.echo(f"The broker (process {pid}) does not answer. Its log: {broker.server_log}")
        raise typer.Exit(1)
    typer.echo(f"The broker runs at {broker.bootstrap} (process {pid}, data in {broker.data_dir}).")


def _embedded(*, data_dir: Path | None, port: int | None = None) -> "EmbeddedBroker":
    from pydantic import ValidationError

    from tradeflow.broker import BrokerSettings, EmbeddedBroker
    from tradeflow.errors import TradeflowError

    options = {"data_dir": data_dir, "port": port}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    try:
        return EmbeddedBroker(BrokerSettings(**given))
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise TradeflowError(
            f"TRADEFLOW_BROKER_{name}={first['input']} will not do: {first['msg']}."
        ) from error


def _external_answers() -> bool:
    """Whether BROKER is set; says so, and fails if that broker does not answer."""
    from tradeflow.broker import external_broker
    from tradeflow.broker.probe import require_answer

    bootstrap = external_broker()
    if bootstrap is None:
        return False
    require_answer(bootstrap)
    typer.echo(f"BROKER is set: the broker at {bootstrap} is used, and it answers.")
    return True


def _stay(broker: "EmbeddedBroker") -> None:
    """Wait for Ctrl-C or SIGTERM, then stop the broker; fail if it ends by itself."""
    from tradeflow.errors import TradeflowError

    asked_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_end.set())
    typer.echo("Press Ctrl-C to stop it.")
    while not asked_to_end.wait(timeout=0.5):
        if not broker.is_running():
            raise TradeflowError(
                "The broker ended by itself.", remedy=f"Its log: {broker.server_log}"
            )
    broker.stop(on_kill=_say_kill)
    typer.echo("The broker is stopped.")


def _say_kill() -> None:
    typer.echo("The broker did not stop in time and is killed; no record is lost.", err=True)
