"""`tradeflow clock`: time for a running exchange."""

from typing import Annotated

import typer


def clock(
    every: Annotated[float, typer.Option(min=0.01, help="Seconds between two ticks.")] = 1.0,
) -> None:
    """Write ticks into the stages' inputs until SIGTERM or Ctrl-C (tradeflow up does it for you).

    Time passes for a stage by its input alone: without ticks, time-outs and candles wait for the
    next command.
    """
    from threading import Event

    from tradeflow.clean_end import ended_by_signals
    from tradeflow.clock import Clock
    from tradeflow.commands.worker import configure_logging
    from tradeflow.running_exchange import running_exchange

    configure_logging()
    stop = Event()
    with ended_by_signals(stop.set):
        Clock(running_exchange(), every_seconds=every).run(stop)
