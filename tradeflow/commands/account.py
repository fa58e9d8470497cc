"""`tradeflow account`: accounts and their money."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tradeflow.command_desk import Answer

app = typer.Typer(
    name="account",
    help="Open accounts, move money in and out, and look at balances and ledgers.",
    no_args_is_help=True,
)

AccountId = Annotated[str, typer.Argument(help="For example alice.", metavar="ACCOUNT")]
Asset = Annotated[str, typer.Argument(help="For example USDT.", metavar="ASSET")]
Amount = Annotated[str, typer.Argument(help="For example 1000 or 0.5; at most 8 decimals.")]
CommandId = Annotated[
    str, typer.Option("--id", help="Id of the command: the same id again has no second effect.")
]

_WORDS = {
    "ACCOUNT_EXISTS": "there is such an account already",
    "ACCOUNT_NOT_EMPTY": "it still has money, or open orders",
    "AMOUNT_NOT_POSITIVE": "the amount must be more than 0",
    "AMOUNT_OVERFLOW": "the exchange takes in no more of this asset",
    "COMMAND_ID_REUSED": "a command with this id said something else",
    "INSUFFICIENT_BALANCE": "insufficient balance",
    "RESERVED_ACCOUNT_ID": "ids that begin with @ are the exchange's own",
}


@app.command()
def create(account: AccountId, command_id: CommandId = "") -> None:
    """Open an account."""
    _set("WalletOpenAccountCommand", account, command_id)


@app.command()
def lock(account: AccountId, command_id: CommandId = "") -> None:
    """Take no new orders and withdrawals of an account; what was ordered before goes on."""
    _set("WalletSetStatusCommand", account, command_id, status="LOCKED")


@app.command()
def unlock(account: AccountId, command_id: CommandId = "") -> None:
    """Open a locked account again."""
    _set("WalletSetStatusCommand", account, command_id, status="OPEN")


@app.command()
def close(account: AccountId, command_id: CommandId = "") -> None:
    """Close an account for good; it must be empty."""
    _set("WalletSetStatusCommand", account, command_id, status="CLOSED")


@app.command()
def deposit(account: AccountId, asset: Asset, amount: Amount, command_id: CommandId = "") -> None:
    """Bring money into an account."""
    _move("WalletDepositCommand", "deposited", account, asset, amount, command_id)


@app.command()
def withdraw(account: AccountId, asset: Asset, amount: Amount, command_id: CommandId = "") -> None:
    """Take money out of an account: what is available, never what open orders hold."""
    _move("WalletWithdrawCommand", "withdrawn", account, asset, amount, command_id)


@app.command()
def balance(account: AccountId) -> None:
    """Show what an account has, per asset: available to spend, and held by open orders."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from schemas.amounts import format_units
    from tradeflow.account_statement import statement
    from tradeflow.running_broker import running_broker

    found = statement(running_broker(), account)
    table = Table(title=Text(f"{account} ({found.account['status'].lower()})"))
    table.add_column("Asset")
    for column in ("Available", "Held"):
        table.add_column(column, justify="right")
    for asset, row in found.balances.items():
        table.add_row(
            Text(asset), format_units(row["available_units"]), format_units(row["held_units"])
        )
    Console().print(table)


@app.command()
def ledger(
    account: AccountId,
    last: Annotated[int, typer.Option(min=1, help="How many of the latest entries.")] = 20,
) -> None:
    """Show the entries of an account: what moved, from where to where, and why."""
    from collections import deque

    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from schemas.amounts import format_units
    from tradeflow.account_statement import ledger_entries, statement
    from tradeflow.running_broker import running_broker

    bootstrap = running_broker()
    statement(bootstrap, account)
    table = Table(title=Text(f"Ledger of {account}"), box=SIMPLE)
    # Amounts and times are shown whole; where there is little room, the other columns give way.
    table.add_column("No.", justify="right", no_wrap=True)
    table.add_column("Time (UTC)", no_wrap=True)
    table.add_column("Type", no_wrap=True)
    table.add_column("Amount", justify="right", no_wrap=True)
    table.add_column("From > to")
    table.add_column("Reference", overflow="ellipsis")
    for event, entry in deque(ledger_entries(bootstrap, account), maxlen=last):
        table.add_row(
            str(entry["entry_id"]),
            _shown_time(event["time_ms"]),
            entry["entry_type"],
            # As text: ids may have what rich would take for markup.
            Text(f"{format_units(entry['amount_units'])} {entry['asset']}"),
            Text(f"{entry['debit_account']} > {entry['credit_account']}"),
            Text(entry["reference_id"]),
        )
    Console().print(table)


def _shown_time(time_ms: int) -> str:
    """UTC, to the second."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"


def _set(kind: str, account: str, command_id: str, **fields: Any) -> None:
    _, event = _ask(kind, account, command_id, **fields)
    if event["is_repeat"]:
        typer.echo(f"That had been done before; nothing was changed now. See: balance {account}")
    else:
        typer.echo(f"Account {account} is {event['status'].lower()}.")


def _move(kind: str, done: str, account: str, asset: str, amount: str, command_id: str) -> None:
    from schemas.amounts import AmountError, format_units, parse_units
    from tradeflow.errors import TradeflowError

    try:
        units = parse_units(amount)
    except AmountError as error:
        raise TradeflowError(f"The amount {amount} will not do: {error}.") from None
    _, event = _ask(kind, account, command_id, asset=asset.upper(), amount_units=units)
    again = " (it had been done before; nothing moved now)" if event["is_repeat"] else ""
    now = event["balances"][0]
    typer.echo(
        f"{format_units(units)} {asset.upper()} {done}{again}. "
        f"{account} has {format_units(now['available_units'])} available, "
        f"{format_units(now['held_units'])} held."
    )


def _ask(kind: str, account: str, command_id: str, **fields: Any) -> "Answer":
    """Send a command and give its event; a refusal is an error in words."""
    import time
    from uuid import uuid4

    from schemas.limits import find_fault
    from schemas.topics import WALLET_COMMANDS, WALLET_EVENTS
    from tradeflow.command_desk import CommandDesk
    from tradeflow.errors import TradeflowError
    from tradeflow.running_broker import running_broker

    command = {
        "command_id": command_id or f"cli-{uuid4()}",
        "account_id": account,
        **fields,
        "time_ms": time.time_ns() // 1_000_000,
    }
    fault = find_fault(kind, command)
    if fault is not None:
        raise TradeflowError(f"{fault}.")
    desk = CommandDesk(
        running_broker(),
        commands=WALLET_COMMANDS,
        answers=WALLET_EVENTS,
        start_first="Start the stage that keeps accounts: tradeflow worker accounts",
    )
    name, event = desk.ask(kind, command)[0]
    if name == "WalletCommandRefusedEvent":
        reason = event["reason"]
        words = _WORDS.get(reason, reason.lower().replace("_", " "))
        raise TradeflowError(f"Refused: {words}.")
    return name, event
