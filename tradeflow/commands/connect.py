"""`tradeflow connect`: feeds a store from the topics, in this process."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.settings import ConnectorSettings
    from connectors.sink import Sink

app = typer.Typer(
    name="connect",
    help="Feed a store from the topics, until SIGTERM or Ctrl-C.",
    no_args_is_help=True,
)

Rebuild = Annotated[
    bool,
    typer.Option(
        "--rebuild", help="Empty the store, fill it from the beginning of the log, and end."
    ),
]


@app.command()
def mongodb(rebuild: Rebuild = False) -> None:
    """Feed MongoDB: the audit trail of every command, event and change of state.

    TRADEFLOW_MONGODB_URL says where it is, TRADEFLOW_MONGODB_DATABASE which database. The trail is
    append-only: --rebuild empties nothing, it inserts what is missing.
    """
    run(_mongodb_sink, rebuild=rebuild)


def _mongodb_sink(_settings: "ConnectorSettings") -> "Sink":
    from tradeflow.errors import TradeflowError
    from tradeflow.settings import load_settings

    try:
        from connectors.mongodb.settings import MongodbSettings
        from connectors.mongodb.sink import MongodbSink
    except ImportError as error:
        raise TradeflowError(
            f"MongoDB needs the package {error.name}.",
            remedy="Install it with: pip install 'tradeflow[mongodb]'",
        ) from error
    return MongodbSink(load_settings(MongodbSettings))


@app.command()
def mysql(rebuild: Rebuild = False) -> None:
    """Feed MySQL: orders, executions, trades, candles, the ledger and its sagas.

    Where it is: TRADEFLOW_MYSQL_HOST, _PORT, _USER, _PASSWORD and _DATABASE.
    """
    run(_mysql_sink, rebuild=rebuild)


def _mysql_sink(settings: "ConnectorSettings") -> "Sink":
    from schemas.instruments import load_instruments
    from tradeflow.errors import TradeflowError
    from tradeflow.settings import load_settings

    try:
        from connectors.mysql import MysqlSettings, MysqlSink
    except ImportError as error:
        raise TradeflowError(
            f"MySQL needs the package {error.name}.",
            remedy="Install it with: pip install 'tradeflow[mysql]'",
        ) from error
    return MysqlSink(load_settings(MysqlSettings), load_instruments(settings.instruments))


@app.command()
def redis(rebuild: Rebuild = False) -> None:
    """Feed Redis: prices, tickers, books, candles, and which sagas have ended.

    Where it is: TRADEFLOW_REDIS_URL; what stands before each key: TRADEFLOW_REDIS_KEY_PREFIX.
    """
    # A script of few records costs a fifth of a millisecond, and people wait for prices.
    run(_redis_sink, rebuild=rebuild, linger_ms=5)


def _redis_sink(settings: "ConnectorSettings") -> "Sink":
    from schemas.instruments import load_instruments
    from tradeflow.errors import TradeflowError
    from tradeflow.settings import load_settings

    try:
        from connectors.redis import RedisSettings, RedisSink
    except ImportError as error:
        raise TradeflowError(
            f"Redis needs the package {error.name}.",
            remedy="Install it with: pip install 'tradeflow[redis]'",
        ) from error
    return RedisSink(load_settings(RedisSettings), load_instruments(settings.instruments))


def run(
    make_sink: "Callable[[ConnectorSettings], Sink]", *, rebuild: bool, **defaults: object
) -> None:
    """Feed the sink's store; ends this process with the connector's exit code.

    ``defaults`` are the store's own, for settings that nobody has given.

    Raises:
        TradeflowError: settings that cannot work.
    """
    from connectors.errors import ConnectorError
    from tradeflow.commands.worker import configure_logging
    from tradeflow.errors import TradeflowError

    settings = _settings(defaults)
    configure_logging()
    sink = _made(make_sink, settings)
    try:
        code = _rebuild(sink, settings) if rebuild else _feed(sink, settings)
    except ConnectorError as error:
        raise TradeflowError(f"{error}.", exit_code=error.exit_code) from error
    sys.exit(code)


def _made(
    make_sink: "Callable[[ConnectorSettings], Sink]", settings: "ConnectorSettings"
) -> "Sink":
    from connectors.errors import ExitCode
    from tradeflow.errors import TradeflowError

    try:
        return make_sink(settings)
    except TradeflowError as error:
        error.exit_code = ExitCode.CONFIG
        raise


def _settings(defaults: "Mapping[str, object]") -> "ConnectorSettings":
    import os

    from connectors.errors import ExitCode
    from connectors.settings import ConnectorSettings
    from schemas.instruments import InstrumentError, load_instruments
    from tradeflow.errors import TradeflowError
    from tradeflow.running_broker import running_broker
    from tradeflow.settings import load_settings

    try:
        settings = load_settings(ConnectorSettings)
        load_instruments(settings.instruments)
    except (TradeflowError, InstrumentError) as error:
        raise TradeflowError(str(error), exit_code=ExitCode.CONFIG) from error
    own = {name: value for name, value in defaults.items() if name not in settings.model_fields_set}
    settings = settings.model_copy(update=own)
    if os.environ.get("BROKER", "").strip():
        # One that is away comes back: a connector waits for it.
        return settings
    return settings.model_copy(update={"broker": running_broker()})


def _feed(sink: "Sink", settings: "ConnectorSettings") -> int:
    from connectors.process import ConnectorProcess

    return ConnectorProcess(sink, settings).run()


def _rebuild(sink: "Sink", settings: "ConnectorSettings") -> int:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from connectors.process import ConnectorProcess
    from connectors.rebuild import Rebuild, require_nobody_runs

    require_nobody_runs(settings, f"connect-{sink.name}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns) as progress:
        task = progress.add_task(f"rebuilding {sink.name}", total=None)
        rebuild = Rebuild(lambda done, all_: progress.update(task, completed=done, total=all_))
        process = ConnectorProcess(sink, settings, watch=rebuild)
        code = process.run(clear=True)
    if code == 0:
        typer.echo(
            f"{sink.name} is rebuilt."
            if rebuild.is_done
            else f"Stopped. {sink.name} is partly filled: tradeflow connect {sink.name} goes on."
        )
    return code
