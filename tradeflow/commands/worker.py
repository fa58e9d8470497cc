"""`tradeflow worker`: one worker of a stage, in this process."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.settings import StreamsSettings
    from streams.transport import App

app = typer.Typer(
    name="worker",
    help="Run one worker of a stage in the foreground (tradeflow up runs them for you).",
    no_args_is_help=True,
)

Slot = Annotated[
    int, typer.Option(min=0, help="The worker's number; each number runs in one process.")
]


@app.command()
def orders(slot: Slot = 0) -> None:
    """Place orders until SIGTERM or Ctrl-C; the exit code says how it ended."""
    from streams.app import make_orders

    _run(make_orders, slot)


@app.command()
def matching(slot: Slot = 0) -> None:
    """Match orders until SIGTERM or Ctrl-C; the exit code says how it ended."""
    from streams.app import make_matching

    _run(make_matching, slot)


@app.command()
def accounts(slot: Slot = 0) -> None:
    """Keep accounts and their money until SIGTERM or Ctrl-C; the exit code says how it ended."""
    from streams.app import make_accounts

    _run(make_accounts, slot)


@app.command()
def marketdata(slot: Slot = 0) -> None:
    """Make candles and tickers until SIGTERM or Ctrl-C; the exit code says how it ended."""
    from streams.app import make_marketdata

    _run(make_marketdata, slot)


def _run(make: "Callable[..., App]", slot: int) -> None:
    import logging

    from streams.transport import run
    from tradeflow import compiled_core

    settings = streams_settings()
    configure_logging()
    logging.getLogger(__name__).info("the core: %s", compiled_core.in_words())
    sys.exit(run(lambda: make(settings, slot=slot)))


def streams_settings() -> "StreamsSettings":
    """The stages' settings from the environment; what will not do is one clear line."""
    from pydantic import ValidationError

    from schemas.instruments import InstrumentError, load_instruments
    from streams.settings import StreamsSettings
    from streams.transport import ExitCode
    from tradeflow.errors import TradeflowError

    try:
        settings = StreamsSettings()
        load_instruments(settings.instruments)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise TradeflowError(
            f"TRADEFLOW_{name}={first['input']} will not do: {first['msg']}.",
            exit_code=ExitCode.CONFIG,
        ) from error
    except InstrumentError as error:
        raise TradeflowError(str(error), exit_code=ExitCode.CONFIG) from error
    return settings


def configure_logging(
    *, as_json: bool = False, fields: "Callable[[], Mapping[str, str]]" = dict
) -> None:
    """Log lines to stderr; Faust's own chatter only from warnings on.

    TRADEFLOW_LOG_LEVEL says from which level on, TRADEFLOW_LOG_FORMAT (json, text) how; what is not
    set is INFO and ``as_json``.  ``fields`` are what else each line of JSON says.
    """
    import logging
    import os

    from tradeflow.errors import TradeflowError
    from tradeflow.log_lines import JsonLines

    form = os.environ.get("TRADEFLOW_LOG_FORMAT", "json" if as_json else "text").lower()
    if form not in ("json", "text"):
        raise TradeflowError(f"TRADEFLOW_LOG_FORMAT={form} will not do: it is json or text.")
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonLines(fields)
        if form == "json"
        else logging.Formatter("%(asctime)s %(levelname)-8s %(name)s: %(message)s")
    )
    level = os.environ.get("TRADEFLOW_LOG_LEVEL", "INFO").upper()
    logging.basicConfig(level=level, handlers=[handler])
    for name in ("faust", "mode", "aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
