"""The events of a wallet: what each says is in ``schemas/wallet_records.py``."""

from typing import Any

from schemas.enums import AccountStatus, WalletRefusal
from schemas.wallet_records import (
    AccountStatusChangedEvent,
    FillSettledEvent,
    FundsDepositedEvent,
    FundsReleasedEvent,
    FundsReservationFailedEvent,
    FundsReservedEvent,
    FundsWithdrawnEvent,
    WalletCommandRefusedEvent,
    WalletReleaseFundsCommand,
    WalletReserveFundsCommand,
    WalletSettleFillCommand,
)
from streams.domain.account import Account
from streams.domain.hold import Hold
from streams.domain.wallet_state import WalletState

Event = tuple[str, Any]
"""The name of an event's record, and the record."""


def status_changed(
    state: WalletState, command: Any, status: AccountStatus, *, is_repeat: bool
) -> Event:
    """AccountStatusChangedEvent."""
    event: AccountStatusChangedEvent = {
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "status": status,
        "is_repeat": is_repeat,
        "entries": [],
        "balances": [],
        "time_ms": state.time_ms,
    }
    return "AccountStatusChangedEvent", event


def funds_moved(
    state: WalletState, account: Account, command: Any, name: str, *, is_repeat: bool
) -> Event:
    """FundsDepositedEvent or FundsWithdrawnEvent."""
    asset: str = command["asset"]
    event: FundsDepositedEvent | FundsWithdrawnEvent = {
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "asset": asset,
        "amount_units": command["amount_units"],
        "is_repeat": is_repeat,
        "entries": state.ledger.entries,
        "balances": [account.balance(asset).shown()],
        "time_ms": state.time_ms,
    }
    return name, event


def funds_reserved(
    state: WalletState, account: Account, command: WalletReserveFundsCommand, *, is_repeat: bool
) -> Event:
    """FundsReservedEvent."""
    asset = command["asset"]
    event: FundsReservedEvent = {
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "symbol": command["symbol"],
        "asset": asset,
        "amount_units": command["amount_units"],
        "requested_ms": command["requested_ms"],
        "is_repeat": is_repeat,
        "entries": state.ledger.entries,
        "balances": [account.balance(asset).shown()],
        "time_ms": state.time_ms,
    }
    return "FundsReservedEvent", event


def reservation_failed(
    state: WalletState,
    command: WalletReserveFundsCommand,
    reason: WalletRefusal,
    *,
    is_repeat: bool = False,
) -> Event:
    """FundsReservationFailedEvent."""
    event: FundsReservationFailedEvent = {
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "symbol": command["symbol"],
        "asset": command["asset"],
        "amount_units": command["amount_units"],
        "requested_ms": command["requested_ms"],
        "reason": reason,
        "is_repeat": is_repeat,
        "entries": [],
        "balances": [],
        "time_ms": state.time_ms,
    }
    return "FundsReservationFailedEvent", event


def funds_released(
    state: WalletState,
    hold: Hold,
    command: WalletReleaseFundsCommand,
    units: int,
    *,
    is_repeat: bool,
) -> Event:
    """FundsReleasedEvent."""
    event: FundsReleasedEvent = {
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "hold_id": command["hold_id"],
        "symbol": command["symbol"],
        "asset": hold.asset,
        "amount_units": units,
        "left_units": hold.left_units,
        "is_repeat": is_repeat,
        "entries": state.ledger.entries,
        "balances": [balance.shown() for balance in state.ledger.touched.values()],
        "time_ms": state.time_ms,
    }
    return "FundsReleasedEvent", event


def fill_settled(
    state: WalletState, hold: Hold, command: WalletSettleFillCommand, *, is_repeat: bool
) -> Event:
    """FillSettledEvent."""
    event: FillSettledEvent = {
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "hold_id": command["hold_id"],
        "symbol": command["symbol"],
        "execution_id": command["execution_id"],
        "order_id": command["order_id"],
        "trade_id": command["trade_id"],
        "left_units": hold.left_units,
        "is_repeat": is_repeat,
        "entries": state.ledger.entries,
        "balances": [balance.shown() for balance in state.ledger.touched.values()],
        "time_ms": state.time_ms,
    }
    return "FillSettledEvent", event


def refused(
    state: WalletState, name: str, command: Any, reason: WalletRefusal, *, is_repeat: bool = False
) -> Event:
    """WalletCommandRefusedEvent; ``name`` is that of the command's record."""
    event: WalletCommandRefusedEvent = {
        "command_id": command["command_id"],
        "account_id": command["account_id"],
        "command": name,
        "reason": reason,
        "is_repeat": is_repeat,
        "entries": [],
        "balances": [],
        "time_ms": state.time_ms,
    }
    return "WalletCommandRefusedEvent", event
