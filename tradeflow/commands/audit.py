"""`tradeflow audit`: who did what, and what failed; and a watch over logins."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from connectors.mongodb.settings import MongodbSettings
    from connectors.mongodb.trail import Question

app = typer.Typer(
    name="audit", help="Ask the audit trail who did what.", invoke_without_command=True
)


@app.callback()
def audit(
    context: typer.Context,
    user: Annotated[str, typer.Option(help="What this user did.")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    symbol: Annotated[str, typer.Option(help="Only of this symbol.")] = "",
    begin: Annotated[
        str, typer.Option("--from", help="Since then: 2026-03-01T12:00:00Z, 15m, 2h, 1d ago.")
    ] = "",
    end: Annotated[str, typer.Option("--to", help="Until then, written likewise.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the latest.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what a user did, or what failed of a symbol, oldest first.

    It needs MongoDB (TRADEFLOW_MONGODB_URL), which `tradeflow connect mongodb` feeds.
    """
    if context.invoked_subcommand is not None:
        return
    from rich.console import Console

    from tradeflow.views.audit_text import audit_json, audit_table

    with _trail_errors() as settings:
        from connectors.mongodb.trail import opened

        question = _question(user, symbol.upper(), failed, begin, end)
        with opened(settings) as trail:
            # One more, to know whether there are more.
            entries = trail.entries(question, limit=limit + 1)
    if as_json:
        for entry in entries[-limit:]:
            print(audit_json(entry))
        return
    if not entries:
        typer.echo("There is nothing of that kind in the audit trail.")
        return
    Console().print(audit_table(entries[-limit:]))
    if len(entries) > limit:
        typer.echo("Older ones are not shown (--limit, --to).")


def _question(user: str, symbol: str, failed: bool, begin: str, end: str) -> "Question":
    from datetime import UTC, datetime

    from connectors.mongodb.trail import Question
    from tradeflow.errors import TradeflowError
    from tradeflow.moments import parse_moment

    now = datetime.now(UTC)
    times = [parse_moment(text, now) if text else None for text in (begin, end)]
    if times[0] and times[1] and times[0] >= times[1]:
        raise TradeflowError(f"--from {begin} is not before --to {end}.")
    try:
        return Question(
            user=user, symbol=symbol, only_failures=failed, begin=times[0], end=times[1]
        )
    except ValueError as error:
        raise TradeflowError(
            "That would have to read the whole trail.",
            remedy="Ask for a user (--user), or for what failed of a symbol (--failed --symbol).",
        ) from error


@contextmanager
def _trail_errors() -> "Iterator[MongodbSettings]":
    """The settings; within the block what is wrong with the server is one line."""
    from connectors.sink import StoreDownError
    from tradeflow.errors import TradeflowError
    from tradeflow.settings import load_settings

    try:
        from connectors.mongodb.settings import MongodbSettings

        yield load_settings(MongodbSettings)
    except ImportError as error:
        raise TradeflowError(
            f"The audit trail needs the package {error.name}.",
            remedy="Install it with: pip install 'tradeflow[mongodb]'",
        ) from error
    except StoreDownError as error:
        raise TradeflowError(f"{error}.") from error


@app.command()
def monitor() -> None:
    """Raise alerts until SIGTERM or Ctrl-C: more than five failed logins of one user in a minute.

    Alerts are logged and kept in MongoDB's collection «alerts», one for each burst.
    """
    from threading import Event

    from tradeflow.clean_end import ended_by_signals
    from tradeflow.commands.worker import configure_logging

    configure_logging()
    stop = Event()
    with _trail_errors() as settings, ended_by_signals(stop.set):
        from connectors.mongodb.monitor import LoginMonitor

        LoginMonitor(settings).run(stop)
