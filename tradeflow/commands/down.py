"""`tradeflow down`: ends what `tradeflow up` started, from another terminal."""

import typer

# `up` needs a few seconds for its parts, stores and the broker; the rest is for a busy machine.
_TIMEOUT_SECONDS = 90.0


def down() -> None:
    """End a running `tradeflow up`, or what one that was killed left behind. Data is kept."""
    from tradeflow.commands.up import run_folder
    from tradeflow.supervision.leftovers import BrokerMark, end_leftovers
    from tradeflow.supervision.settings import UP
    from tradeflow.supervision.stores import stop_stores

    folder = run_folder()
    process = folder.process(UP)
    running = process.find()
    if running is not None:
        typer.echo(f"Ending tradeflow up (process {running.pid}) …")
        process.terminate(
            timeout_seconds=_TIMEOUT_SECONDS,
            on_kill=lambda: typer.echo("It did not end in time and is killed.", err=True),
        )
    process.forget()
    left = end_leftovers(folder, typer.echo)
    folder.parts.unlink(missing_ok=True)
    store_ran = stop_stores(folder, typer.echo)
    broker_ran = BrokerMark(folder).stop_broker(typer.echo)
    if running is None and not left and not store_ran and not broker_ran:
        typer.echo("TradeFlow is not up.")
        return
    typer.echo("Everything is ended; data is kept.")
