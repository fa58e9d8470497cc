"""`tradeflow up`: the exchange on this machine, until Ctrl-C."""

import signal
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradeflow.supervision.exchange import Exchange, Plan, Running
    from tradeflow.supervision.screen import Screen
    from tradeflow.supervision.settings import RunFolder

_LOOK_SECONDS = 0.5
_STATUS_SECONDS = 1.0


def up(
    workers: Annotated[
        int, typer.Option(min=1, help="Workers of the matching stage; one takes all partitions.")
    ] = 1,
    rate: Annotated[int, typer.Option(min=1, help="Orders a second of the flow.")] = 10,
    flow: Annotated[
        bool, typer.Option("--flow/--no-flow", help="Whether orders are sent in at all.")
    ] = True,
) -> None:
    """Start the exchange: broker, topics, workers and a gentle flow of orders. Ctrl-C ends it."""
    from rich.console import Console

    from tradeflow.commands.worker import streams_settings
    from tradeflow.supervision.exchange import Exchange, Plan, StoppedError
    from tradeflow.supervision.screen import Screen

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    plan = Plan(workers=workers, flow_rate=rate if flow else 0)
    folder = run_folder()
    screen = Screen(Console(highlight=False))
    exchange = Exchange(plan, folder, streams_settings(), tell=screen.notice, stop=stop)
    try:
        with exchange.running() as running:
            _stay(exchange, running, plan, screen, stop)
    except StoppedError:
        pass
    typer.echo("Everything is ended; data is kept.")


def _stay(
    exchange: "Exchange", running: "Running", plan: "Plan", screen: "Screen", stop: threading.Event
) -> None:
    """Show what happens until `stop` is set."""
    from schemas.topics import ORDERS_INCOMING
    from tradeflow.supervision.health import totals
    from tradeflow.supervision.screen import panel, status_text

    screen.show(panel(running, plan, run_folder()))
    before, looked = None, 0.0
    try:
        while not stop.wait(_LOOK_SECONDS):
            for notice in exchange.look():
                screen.notice(notice)
            now = time.monotonic()
            if now - looked < _STATUS_SECONDS:
                continue
            counted = totals(running.workers, commands_topic=ORDERS_INCOMING.name)
            done = counted.commands - before.commands if before is not None else 0
            # A worker that was started again counts from zero.
            rate = max(0, done) / (now - looked) if looked else 0.0
            screen.status(
                status_text(counted, workers=len(running.workers), commands_a_second=rate)
            )
            before, looked = counted, now
    finally:
        screen.close()
    typer.echo("Ending: flow, workers, broker …")


def run_folder() -> "RunFolder":
    """The folder that `up` and `down` share."""
    from tradeflow.settings import load_settings
    from tradeflow.supervision.settings import RunFolder, UpSettings

    return RunFolder(load_settings(UpSettings).dir)
