"""All that a partition of accounts knows, and which rows of it have changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.enums import WalletRefusal
from schemas.wallet_records import (
    WalletAccountRow,
    WalletBalanceRow,
    WalletCommandRow,
    WalletHoldRow,
    WalletPartitionRow,
)
from streams.domain.account import Account, Balance
from streams.domain.age_queue import AgeQueue
from streams.domain.hold import Hold
from streams.domain.ledger import Ledger

REMEMBERED_MS = 600_000
"""Command ids, and holds that came to their end, are remembered for ten minutes."""

REMEMBERED_LIMIT = 100_000
"""Of each of the two, how many a partition remembers."""

WalletRow = (
    WalletAccountRow | WalletBalanceRow | WalletHoldRow | WalletCommandRow | WalletPartitionRow
)

PARTITION_KEY = "partition"


class WalletState:
    """Accounts, holds and remembered commands; the last two by ``key_of``."""

    __slots__ = (
        "assets",
        "ledger",
        "holds",
        "commands",
        "time_ms",
        "_closed_holds",
        "_old_commands",
        "_changed_holds",
        "_changed_commands",
        "_is_time_changed",
    )

    def __init__(self, assets: Iterable[str], *, remembered_limit: int) -> None:
        self.assets = frozenset(assets)
        self.ledger = Ledger()
        self.holds: dict[str, Hold] = {}
        self.commands: dict[str, WalletCommandRow] = {}
        self.time_ms = 0
        self._closed_holds = AgeQueue(kept_ms=REMEMBERED_MS, limit=remembered_limit)
        self._old_commands = AgeQueue(kept_ms=REMEMBERED_MS, limit=remembered_limit)
        self._changed_holds: dict[str, None] = {}
        self._changed_commands: dict[str, None] = {}
        self._is_time_changed = False

    def advance(self, time_ms: int) -> None:
        """Let time pass, and forget what is too old."""
        if time_ms > self.time_ms:
            self.time_ms = time_ms
            self._is_time_changed = True
            self._forget()

    # --- holds ------------------------------------------------------------------------------------

    def add_hold(self, key: str, hold: Hold) -> None:
        """Keep a new hold."""
        self.holds[key] = hold
        self.ledger.accounts[hold.account_id].open_holds += 1
        self._changed_holds[key] = None

    def change_hold(self, key: str, hold: Hold) -> None:
        """Note that a hold changed; one with nothing left comes to its end."""
        self._changed_holds[key] = None
        if not hold.left_units and not hold.closed_ms:
            hold.closed_ms = max(self.time_ms, 1)
            self.ledger.accounts[hold.account_id].open_holds -= 1
            self._closed_holds.add(hold.closed_ms, key)
            self._forget()

    # --- remembered commands ----------------------------------------------------------------------

    def remember(
        self, key: str, command: Mapping[str, Any], content: str, reason: WalletRefusal
    ) -> None:
        """Remember the answer to a command."""
        self.commands[key] = {
            "account_id": command["account_id"],
            "command_id": command["command_id"],
            "content": content,
            "reason": reason,
            "time_ms": self.time_ms,
        }
        self._changed_commands[key] = None
        self._old_commands.add(self.time_ms, key)
        self._forget()

    def _forget(self) -> None:
        for key in self._old_commands.take_old(self.time_ms):
            del self.commands[key]
            self._changed_commands[key] = None
        for key in self._closed_holds.take_old(self.time_ms):
            del self.holds[key]
            self._changed_holds[key] = None

    # --- rows -------------------------------------------------------------------------------------

    def take_changes(self) -> dict[str, WalletRow | None]:
        """By key, the rows that changed since the last call; None for one that is gone."""
        rows: dict[str, WalletRow | None] = {}
        ledger = self.ledger
        for account in ledger.changed_accounts.values():
            rows[f"account {account.account_id}"] = account.to_row()
        for balance in ledger.changed_balances:
            rows[_balance_key(balance)] = balance.to_row()
        for key in self._changed_holds:
            hold = self.holds.get(key)
            rows[f"hold {key}"] = None if hold is None else hold.to_row()
        for key in self._changed_commands:
            rows[f"command {key}"] = self.commands.get(key)
        if self._is_time_changed:
            rows[PARTITION_KEY] = {"time_ms": self.time_ms}
        ledger.changed_accounts.clear()
        ledger.changed_balances.clear()
        self._changed_holds.clear()
        self._changed_commands.clear()
        self._is_time_changed = False
        return rows

    def rows(self) -> dict[str, WalletRow]:
        """All rows by key."""
        rows: dict[str, WalletRow] = {PARTITION_KEY: {"time_ms": self.time_ms}}
        for account in self.ledger.accounts.values():
            if not account.is_own:
                rows[f"account {account.account_id}"] = account.to_row()
            for balance in account.balances.values():
                rows[_balance_key(balance)] = balance.to_row()
        rows.update({f"hold {key}": hold.to_row() for key, hold in self.holds.items()})
        rows.update({f"command {key}": row for key, row in self.commands.items()})
        return rows

    def load(self, rows: Mapping[str, Any]) -> None:
        """Take what a table kept in place of what is there."""
        accounts = self.ledger.accounts
        for key, row in rows.items():
            if key.startswith("account "):
                accounts[row["account_id"]] = Account.from_row(row)
        for key, row in rows.items():
            if key.startswith("balance "):
                self._load_balance(row)
            elif key.startswith("hold "):
                self._load_hold(row)
            elif key.startswith("command "):
                self.commands[key_of(row["account_id"], row["command_id"])] = row
            elif key == PARTITION_KEY:
                self.time_ms = row["time_ms"]
        self._closed_holds.load(
            (hold.closed_ms, key) for key, hold in self.holds.items() if hold.closed_ms
        )
        self._old_commands.load((row["time_ms"], key) for key, row in self.commands.items())

    def _load_balance(self, row: WalletBalanceRow) -> None:
        account_id, asset = row["account_id"], row["asset"]
        account = self.ledger.accounts.get(account_id)
        if account is None:  # one of the partition's own, which have no rows themselves
            account = self.ledger.accounts[account_id] = Account(account_id, 0)
        account.balances[asset] = Balance(
            account_id, asset, row["available_units"], row["held_units"]
        )

    def _load_hold(self, row: WalletHoldRow) -> None:
        hold = Hold.from_row(row)
        self.holds[key_of(hold.account_id, hold.hold_id)] = hold
        if not hold.closed_ms:
            self.ledger.accounts[hold.account_id].open_holds += 1


def key_of(account_id: str, command_id: str) -> str:
    """What holds and remembered commands are found by: the ids have no spaces."""
    return f"{account_id} {command_id}"


def _balance_key(balance: Balance) -> str:
    return f"balance {balance.account_id} {balance.asset}"
