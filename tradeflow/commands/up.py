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
_STATUS_SECONDS = 2.0


def up(
    workers: Annotated[
        int, typer.Option(min=1, help="Workers of the matching stage; one takes all partitions.")
    ] = 1,
    rate: Annotated[
        int, typer.Option(min=1, help="Commands a second of makers and crowd, all together.")
    ] = 10,
    flow: Annotated[
        bool, typer.Option("--flow/--no-flow", help="Whether there are makers and a crowd.")
    ] = True,
    stores: Annotated[
        str,
        typer.Option(
            envvar="TRADEFLOW_UP_STORES",
            help="Stores to start and to feed, with commas between, or none. One that"
            " TRADEFLOW_MYSQL_HOST, _REDIS_URL or _MONGODB_URL names is only fed.",
        ),
    ] = "mysql,redis,mongodb",
    gateway: Annotated[
        bool,
        typer.Option(
            "--gateway/--no-gateway",
            envvar="TRADEFLOW_UP_GATEWAY",
            help="Whether clients of Binance can come, at TRADEFLOW_GATEWAY_PORT (8080).",
        ),
    ] = True,
) -> None:
    """Start the whole exchange: broker, stages, makers, stores, gateway. Ctrl-C ends it."""
    from rich.console import Console

    from tradeflow.commands.worker import streams_settings
    from tradeflow.settings import load_settings
    from tradeflow.stores.kinds import read_stores
    from tradeflow.supervision.exchange import Exchange, Plan, StoppedError
    from tradeflow.supervision.screen import Screen
    from tradeflow.supervision.settings import GatewayAddress

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    plan = Plan(
        workers=workers,
        flow_rate=rate if flow else 0,
        stores=read_stores(stores),
        has_gateway=gateway,
    )
    if gateway:
        # Said before anything is started.
        load_settings(GatewayAddress)
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
    from tradeflow.supervision.health import totals
    from tradeflow.supervision.screen import panel, status_text

    screen.show(panel(running, plan, run_folder()))
    before, looked = None, 0.0
    try:
        while not stop.wait(_LOOK_SECONDS):
            for notice in exchange.look():
                screen.notice(notice)
            now = time.monotonic()
            if not screen.is_live or now - looked < _STATUS_SECONDS:
                continue
            statuses = exchange.status()
            counted = totals(each.counts for each in statuses)
            done = counted.commands - before.commands if before is not None else 0
            # A worker that was started again counts from zero.
            rate = max(0, done) / (now - looked) if looked else 0.0
            screen.status(
                statuses,
                status_text(counted, workers=len(running.workers), commands_a_second=rate),
            )
            before, looked = counted, now
    finally:
        screen.close()
    typer.echo("Ending: gateway, makers, stores, workers, broker …")


def run_folder() -> "RunFolder":
    """The folder that `up` and `down` share."""
    from tradeflow.settings import load_settings
    from tradeflow.supervision.settings import RunFolder, UpSettings

    return RunFolder(load_settings(UpSettings).dir)
