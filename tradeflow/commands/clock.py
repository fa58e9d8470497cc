"""`tradeflow clock`: time for a running exchange."""

from typing import Annotated

import typer


def clock(
    every: Annotated[float, typer.Option(min=0.01, help="Seconds between two ticks.")] = 1.0,
    matching: Annotated[
        bool,
        typer.Option(help="Ticks for matching too; not where orders have recorded times."),
    ] = True,
) -> None:
    """Write ticks into the stages' inputs until SIGTERM or Ctrl-C (tradeflow up does it for you).

    Time passes for a stage by its input alone: without ticks, time-outs and candles wait for the
    next command.
    """
    from threading import Event

    from schemas.topics import ORDERS_INCOMING
    from tradeflow.clean_end import ended_by_signals
    from tradeflow.clock import TICKED, Clock
    from tradeflow.commands.worker import configure_logging
    from tradeflow.running_exchange import running_exchange

    configure_logging()
    stop = Event()
    with ended_by_signals(stop.set):
        topics = [name for name in TICKED if matching or name != ORDERS_INCOMING.name]
        Clock(running_exchange(), every_seconds=every, topics=topics).run(stop)
