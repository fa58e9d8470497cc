"""Accounts opened, locked and closed; money brought in and taken out."""

from typing import Any

from schemas.enums import WalletRefusal
from schemas.wallet_records import (
    WalletDepositCommand,
    WalletOpenAccountCommand,
    WalletSetStatusCommand,
    WalletWithdrawCommand,
)
from streams.domain.account import OWN_PREFIX, Account
from streams.domain.ledger import SUPPLY_LIMIT_UNITS
from streams.domain.wallet_events import Event, funds_moved, refused, status_changed
from streams.domain.wallet_state import WalletState, key_of


def open_account(state: WalletState, command: WalletOpenAccountCommand) -> Event:
    """Open an account, unless there is one."""
    name = "WalletOpenAccountCommand"
    account_id = command["account_id"]
    if account_id.startswith(OWN_PREFIX):
        return refused(state, name, command, "RESERVED_ACCOUNT_ID")
    account = state.ledger.user(account_id)
    if account is None:
        account = state.ledger.open(account_id, state.time_ms)
        state.remember(key_of(account_id, command["command_id"]), command, "open", "NONE")
        return status_changed(state, command, account.status, is_repeat=False)
    before = reason_before(state, command, "open")
    if before == "NONE":
        return status_changed(state, command, account.status, is_repeat=True)
    if before is not None:
        return refused(state, name, command, before, is_repeat=before != "COMMAND_ID_REUSED")
    return _refuse_and_remember(state, name, command, "open", "ACCOUNT_EXISTS")


def set_status(state: WalletState, command: WalletSetStatusCommand) -> Event:
    """Lock, unlock or close an account."""
    name, status = "WalletSetStatusCommand", command["status"]
    content = f"status {status}"
    account = state.ledger.user(command["account_id"])
    if account is None:
        return refused(state, name, command, "UNKNOWN_ACCOUNT")
    before = reason_before(state, command, content)
    if before == "NONE":
        return status_changed(state, command, status, is_repeat=True)
    if before is not None:
        return refused(state, name, command, before, is_repeat=before != "COMMAND_ID_REUSED")
    if account.status == "CLOSED":
        return _refuse_and_remember(state, name, command, content, "ACCOUNT_CLOSED")
    if status == "CLOSED" and not account.is_empty:
        return _refuse_and_remember(state, name, command, content, "ACCOUNT_NOT_EMPTY")
    account.status = status
    state.ledger.changed_accounts[account.account_id] = account
    state.remember(key_of(account.account_id, command["command_id"]), command, content, "NONE")
    return status_changed(state, command, status, is_repeat=False)


def deposit(state: WalletState, command: WalletDepositCommand) -> Event:
    """Bring money in."""
    return _move(state, "WalletDepositCommand", command)


def withdraw(state: WalletState, command: WalletWithdrawCommand) -> Event:
    """Take money out: what is available, never what is held."""
    return _move(state, "WalletWithdrawCommand", command)


def _move(
    state: WalletState, name: str, command: WalletDepositCommand | WalletWithdrawCommand
) -> Event:
    is_deposit = name == "WalletDepositCommand"
    event_name = "FundsDepositedEvent" if is_deposit else "FundsWithdrawnEvent"
    asset, units = command["asset"], command["amount_units"]
    content = f"{name} {asset} {units}"
    account = state.ledger.user(command["account_id"])
    if account is None:
        return refused(state, name, command, "UNKNOWN_ACCOUNT")
    before = reason_before(state, command, content)
    if before == "NONE":
        return funds_moved(state, account, command, event_name, is_repeat=True)
    if before is not None:
        return refused(state, name, command, before, is_repeat=before != "COMMAND_ID_REUSED")
    reason = _refusal_of_move(state, account, asset, units, is_deposit=is_deposit)
    if reason != "NONE":
        return _refuse_and_remember(state, name, command, content, reason)
    state.remember(key_of(account.account_id, command["command_id"]), command, content, "NONE")
    if is_deposit:
        state.ledger.deposit(account, asset, units, command["command_id"])
    else:
        state.ledger.withdraw(account, asset, units, command["command_id"])
    return funds_moved(state, account, command, event_name, is_repeat=False)


def _refusal_of_move(
    state: WalletState, account: Account, asset: str, units: int, *, is_deposit: bool
) -> WalletRefusal:
    if account.status == "CLOSED":
        return "ACCOUNT_CLOSED"
    if account.status == "LOCKED" and not is_deposit:
        return "ACCOUNT_LOCKED"
    # What came in may go out, also when no instrument has the asset any more.
    if asset not in state.assets and (is_deposit or asset not in account.balances):
        return "UNKNOWN_ASSET"
    if units <= 0:
        return "AMOUNT_NOT_POSITIVE"
    if is_deposit:
        room = SUPPLY_LIMIT_UNITS - state.ledger.supply_units(asset)
        return "AMOUNT_OVERFLOW" if units > room else "NONE"
    return "INSUFFICIENT_BALANCE" if units > account.available_units(asset) else "NONE"


def reason_before(state: WalletState, command: Any, content: str) -> WalletRefusal | None:
    """The answer that a command had before: NONE where it was carried out; None for a new one."""
    key = key_of(command["account_id"], command["command_id"])
    row = state.commands.get(key)
    if row is not None:
        return row["reason"] if row["content"] == content else "COMMAND_ID_REUSED"
    return "COMMAND_ID_REUSED" if key in state.holds else None


def _refuse_and_remember(
    state: WalletState, name: str, command: Any, content: str, reason: WalletRefusal
) -> Event:
    key = key_of(command["account_id"], command["command_id"])
    state.remember(key, command, content, reason)
    return refused(state, name, command, reason)
