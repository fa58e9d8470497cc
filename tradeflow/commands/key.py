"""`tradeflow key`: the API keys with which clients come to the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from web.auth.key_store import KeyRow, KeyStore

app = typer.Typer(
    name="key",
    help="Make, list and revoke the API keys with which clients come to the gateway.",
    no_args_is_help=True,
)

_BEGINNING_MIN = 8


class ScopeName(StrEnum):
    """What a key of an account may be used for."""

    READ = "read"
    TRADE = "trade"
    WITHDRAW = "withdraw"


AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


@app.command()
def create(
    account: Annotated[str, typer.Argument(help="For example alice.", metavar="ACCOUNT")],
    scope: Annotated[
        list[ScopeName] | None,
        typer.Option(help="What the key may be used for; more than once. None: read and trade."),
    ] = None,
    operator: Annotated[
        bool, typer.Option("--operator", help="A key that halts and resumes symbols.")
    ] = False,
    label: Annotated[str, typer.Option(help="A name for people.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a key for an account. Its secret is shown now and never again."""
    import json

    from tradeflow.errors import TradeflowError

    if operator and scope:
        raise TradeflowError(
            "A key is an operator's or an account's.", remedy="Leave --operator or --scope out."
        )
    _require_account(account)
    with _opened_store() as store:
        from web.auth.caller import Scope
        from web.auth.key_store import LABEL_LENGTH_MAX

        if len(label) > LABEL_LENGTH_MAX or not label.isprintable():
            raise TradeflowError(
                f"A label has at most {LABEL_LENGTH_MAX} characters, all of them visible."
            )
        names = scope or [ScopeName.READ, ScopeName.TRADE]
        scopes = [Scope.OPERATE] if operator else [Scope(name) for name in names]
        made = store.create(account, scopes, label=label, by=_user())
        _tell(store)
    words = [each for each in Scope if each in made.scopes]
    if as_json:
        about = {"account": account, "scopes": words, "label": label}
        typer.echo(json.dumps({"key": made.key, "secret": made.secret, **about}))
        return
    typer.echo(f"API key: {made.key}\nSecret:  {made.secret}")
    typer.echo(
        f"A key of {account}, to {', '.join(words)}. The secret is shown this once: keep it safe."
    )


@app.command("list")
def list_(
    account: Annotated[str, typer.Option(help="Only those of this account.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Revoked ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the keys; secrets are not shown again."""
    import json

    with _opened_store() as store:
        rows = store.listed(account, with_revoked=everything)
    if as_json:
        for row in rows:
            typer.echo(json.dumps(_as_json(row)))
        return
    if not rows:
        typer.echo("There are no such keys. Make one with: tradeflow key create ACCOUNT")
        return
    _print_table(rows)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key, or how it begins.", metavar="KEY")],
) -> None:
    """Let a key work no more, for good."""
    from tradeflow.errors import TradeflowError

    with _opened_store() as store:
        rows = store.beginning_with(key) if len(key) >= _BEGINNING_MIN else []
        if not rows:
            raise TradeflowError(
                f"There is no key that begins with {key!r}."
                if len(key) >= _BEGINNING_MIN
                else f"{key!r} is too short: at least {_BEGINNING_MIN} characters of a key.",
                remedy="See: tradeflow key list",
            )
        if len(rows) > 1:
            raise TradeflowError(f"More than one key begins with {key!r}.", remedy="Give it whole.")
        is_done = store.revoke(rows[0].key, by=_user())
        _tell(store)
        # What is read of it before this moment holds for so long.
        seconds = _fresh_seconds()
    if is_done:
        typer.echo(
            f"The key {rows[0].key} of {rows[0].account_id} is revoked; within {seconds:g} s no"
            " gateway takes it any more."
        )
    else:
        typer.echo("That key was revoked before.")


@app.command("rotate-master")
def rotate_master() -> None:
    """Encrypt all secrets with a new master key, and forget the old one.

    Keys go on working, in running gateways too: those that share the file of the master key.
    """
    with _opened_store() as store:
        count = store.rotate_master(by=_user())
        place, is_ours = store.master_place
        _tell(store)
    typer.echo(f"{count} secrets are encrypted with the first key in {place} now.")
    if is_ours:
        typer.echo("Keep a copy of that file; those of before are of no use any more.")
    else:
        typer.echo("Leave only that one there, and start the gateways again.")


# --------------------------------------------------------------------------------------------------


@contextmanager
def _opened_store() -> "Iterator[KeyStore]":
    """The store; within the block what is wrong with it is one line."""
    from tradeflow.commands.gateway import auth_settings
    from tradeflow.errors import TradeflowError

    settings = auth_settings()
    from web.auth.database import DatabaseAwayError
    from web.auth.key_store import KeyStore
    from web.errors import ConfigError

    try:
        store = KeyStore(settings)
        try:
            store.open()
            yield store
        finally:
            store.close()
    except DatabaseAwayError as error:
        raise TradeflowError(f"The database of keys does not answer: {error}.") from error
    except ConfigError as error:
        raise TradeflowError(
            f"{_capital(str(error))}.", remedy=f"{_capital(error.action)}."
        ) from error


def _tell(store: "KeyStore") -> None:
    """Tell the audit trail, if a broker runs; else a gateway does when it starts."""
    from tradeflow.errors import TradeflowError
    from tradeflow.running_broker import running_broker

    try:
        bootstrap = running_broker()
    except TradeflowError:
        return
    from web.auth import outbox
    from web.settings import GatewaySettings

    outbox.tell(store.database, GatewaySettings(broker=bootstrap).client("tradeflow-key"))


def _require_account(account: str) -> None:
    """Ids as the exchange has them; whether there is such an account is not asked."""
    from schemas.limits import find_fault
    from tradeflow.errors import TradeflowError

    opening = {"command_id": "key", "account_id": account, "time_ms": 0}
    fault = find_fault("WalletOpenAccountCommand", opening)
    if fault is not None:
        raise TradeflowError(f"{fault}.")
    if account.startswith("@"):
        raise TradeflowError("Ids that begin with @ are the exchange's own.")


def _fresh_seconds() -> float:
    from tradeflow.commands.gateway import auth_settings

    return auth_settings().fresh_seconds


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user without a name.
        return ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _as_json(row: "KeyRow") -> dict[str, object]:
    return {
        "key": row.key,
        "account": row.account_id,
        "scopes": sorted(row.scopes),
        "label": row.label,
        "created_ms": row.created_ms,
        "revoked_ms": row.revoked_ms,
    }


def _print_table(rows: "list[KeyRow]") -> None:
    from datetime import UTC, datetime

    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE)
    # Where there is little room, what keys are told apart by is shown whole.
    for column in ("Key", "Account", "May", "Label", "Made (UTC)", "Revoked"):
        table.add_column(column, no_wrap=column not in ("Account", "Label"))
    for row in rows:
        times = [
            "" if ms is None else f"{datetime.fromtimestamp(ms / 1_000, UTC):%Y-%m-%d %H:%M}"
            for ms in (row.created_ms, row.revoked_ms)
        ]
        # As text: labels may have what rich would take for markup.
        texts = (f"{row.key[:12]}…", row.account_id, ", ".join(sorted(row.scopes)), row.label)
        table.add_row(*(Text(each) for each in (*texts, *times)))
    Console().print(table)
