"""Accounts with enough money in them, before anything is ordered for them."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schemas.amounts import format_units
from schemas.codec import decode
from schemas.topics import ACCOUNTS_WALLET, WALLET_COMMANDS, WALLET_EVENTS
from tradeflow.command_feed import CommandFeed
from tradeflow.errors import TradeflowError
from tradeflow.event_reader import EventReader
from tradeflow.table_rows import read_rows

Amounts = Mapping[str, int]
"""Minor units by asset."""

ANSWER_SECONDS = 10.0
"""How long accounts may be silent, while it is asked, before it is taken for ended."""

_POLL_SECONDS = 0.05
_ACCOUNT, _BALANCE = b"account ", b"balance "


class Deposit(NamedTuple):
    """Money that was brought in; ``command_id`` is what the ledger has it under."""

    account_id: str
    asset: str
    units: int
    command_id: str


class Treasury:
    """Opens accounts and brings money in by ``wallet.commands``, as anybody outside does.

    ``run`` begins its command ids and makes them its own.  ``stamp`` gives the time of a command,
    in ms.  ``look`` is called while it waits, and may raise to end the wait.
    """

    def __init__(
        self,
        bootstrap: str,
        run: str,
        *,
        stamp: Callable[[], int],
        look: Callable[[], None] = lambda: None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.deposits: list[Deposit] = []
        """All that came in so far."""
        self._bootstrap = bootstrap
        self._run = run
        self._stamp = stamp
        self._look = look
        self._answer_seconds = answer_seconds
        self._numbers: Counter[tuple[str, str]] = Counter()

    def fill_up(self, wanted: Mapping[str, Amounts]) -> None:
        """Let each account have what is wanted of it, available and held together.

        Raises:
            TradeflowError: a command was refused, or accounts does not answer.
        """
        known, balances = self._read()
        commands = [self._opening(account) for account in wanted if account not in known]
        for account, amounts in wanted.items():
            for asset, units in amounts.items():
                missing = units - balances.get((account, asset), 0)
                if missing > 0:
                    commands.append(self._deposit(account, asset, missing))
        self._carry_out(commands)

    def open_with(self, account_id: str, amounts: Amounts) -> bool:
        """Open an account with so much in it; False: it is there, and keeps what it has.

        Raises as ``fill_up``.
        """
        known, _ = self._read()
        if account_id in known:
            return False
        commands = [self._opening(account_id)]
        commands += [self._deposit(account_id, asset, units) for asset, units in amounts.items()]
        self._carry_out(commands)
        return True

    def bring_in(self, account_id: str, asset: str, units: int) -> None:
        """One more deposit; raises as ``fill_up``."""
        self._carry_out([self._deposit(account_id, asset, units)])

    def _read(self) -> tuple[set[str], Counter[tuple[str, str]]]:
        """The accounts that there are, and what each has by asset, available and held."""
        known: set[str] = set()
        balances: Counter[tuple[str, str]] = Counter()
        rows = read_rows(self._bootstrap, ACCOUNTS_WALLET.name, prefixes=(_ACCOUNT, _BALANCE))
        for key, value in rows:
            _, row = decode(value)
            if key.startswith(_ACCOUNT):
                known.add(row["account_id"])
            else:
                units = row["available_units"] + row["held_units"]
                balances[row["account_id"], row["asset"]] = units
        return known, balances

    def _opening(self, account: str) -> tuple[str, dict[str, Any]]:
        return "WalletOpenAccountCommand", {
            "command_id": f"{self._run}-open",
            "account_id": account,
            "time_ms": self._stamp(),
        }

    def _deposit(self, account: str, asset: str, units: int) -> tuple[str, dict[str, Any]]:
        self._numbers[account, asset] += 1
        return "WalletDepositCommand", {
            "command_id": f"{self._run}-deposit-{asset}-{self._numbers[account, asset]}",
            "account_id": account,
            "asset": asset,
            "amount_units": units,
            "time_ms": self._stamp(),
        }

    def _carry_out(self, commands: list[tuple[str, dict[str, Any]]]) -> None:
        """Send the commands, and wait until each is answered."""
        if not commands:
            return
        waiting = {_name(command): command for _, command in commands}
        with contextlib.closing(
            EventReader(self._bootstrap, [WALLET_EVENTS.name], from_end=True)
        ) as reader:
            feed = CommandFeed(self._bootstrap, WALLET_COMMANDS)
            try:
                for kind, command in commands:
                    feed.send(kind, command)
                self._await(reader, feed, waiting)
            finally:
                feed.drop()

    def _await(
        self,
        reader: EventReader,
        feed: CommandFeed,
        waiting: dict[tuple[str, str], dict[str, Any]],
    ) -> None:
        heard = time.monotonic()
        while waiting:
            feed.poll()
            self._look()
            for name, event in reader.read(timeout_seconds=_POLL_SECONDS):
                command = waiting.pop(_name(event), None) if name != "Tick" else None
                if command is not None:
                    heard = time.monotonic()
                    self._take(name, event, command)
            if waiting and time.monotonic() - heard > self._answer_seconds:
                raise TradeflowError(
                    f"Accounts does not answer: for {self._answer_seconds:g} s it has not said"
                    f" whether {next(iter(waiting))[0]} can pay.",
                    remedy="Is its worker running? tradeflow up starts it,"
                    " or tradeflow worker accounts.",
                )

    def _take(self, name: str, event: dict[str, Any], command: dict[str, Any]) -> None:
        account = event["account_id"]
        if name == "FundsDepositedEvent":
            deposit = Deposit(account, event["asset"], event["amount_units"], event["command_id"])
            self.deposits.append(deposit)
        elif name == "WalletCommandRefusedEvent" and event["reason"] != "ACCOUNT_EXISTS":
            reason = event["reason"].lower().replace("_", " ")
            asset = command.get("asset")
            what = f"{format_units(command['amount_units'])} {asset}" if asset else "the account"
            raise TradeflowError(f"Accounts refused {what} for {account}: {reason}.")


def _name(record: Mapping[str, Any]) -> tuple[str, str]:
    """A command's id is its account's own."""
    return record["account_id"], record["command_id"]
