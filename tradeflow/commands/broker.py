"""`tradeflow broker`: the embedded Kafka broker."""

import typer

app = typer.Typer(
    name="broker", help="Start, stop and look at the local Kafka broker.", no_args_is_help=True
)


@app.command()
def status() -> None:
    """Say whether the broker runs."""
