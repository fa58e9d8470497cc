"""Holds: money reserved for an order, posted fill by fill, and given back."""

from schemas.amounts import INTEGER_MAX
from schemas.enums import WalletRefusal
from schemas.wallet_records import (
    WalletReleaseFundsCommand,
    WalletReserveFundsCommand,
    WalletSettleFillCommand,
)
from streams.domain.account import Account
from streams.domain.funding import reason_before
from streams.domain.hold import Hold
from streams.domain.wallet_events import (
    Event,
    fill_settled,
    funds_released,
    funds_reserved,
    refused,
    reservation_failed,
)
from streams.domain.wallet_state import WalletState, key_of


def reserve_funds(state: WalletState, command: WalletReserveFundsCommand) -> Event:
    """Set money aside for an order, or say why not; either is final."""
    account = state.ledger.user(command["account_id"])
    if account is None:
        return reservation_failed(state, command, "UNKNOWN_ACCOUNT")
    hold_id = command["command_id"]
    symbol, asset, units = command["symbol"], command["asset"], command["amount_units"]
    key = key_of(account.account_id, hold_id)
    hold = state.holds.get(key)
    if hold is not None:
        if (hold.symbol, hold.asset, hold.amount_units) == (symbol, asset, units):
            return funds_reserved(state, account, command, is_repeat=True)
        return reservation_failed(state, command, "COMMAND_ID_REUSED")
    content = f"reserve {symbol} {asset} {units}"
    before = reason_before(state, command, content)
    if before is not None:
        is_repeat = before != "COMMAND_ID_REUSED"
        return reservation_failed(state, command, before, is_repeat=is_repeat)
    reason = _refusal_of_reservation(state, account, asset, units)
    if reason != "NONE":
        state.remember(key, command, content, reason)
        return reservation_failed(state, command, reason)
    state.add_hold(key, Hold(account.account_id, hold_id, symbol, asset, units))
    state.ledger.reserve(account, asset, units, hold_id, symbol)
    return funds_reserved(state, account, command, is_repeat=False)


def _refusal_of_reservation(
    state: WalletState, account: Account, asset: str, units: int
) -> WalletRefusal:
    if account.status != "OPEN":
        return "ACCOUNT_CLOSED" if account.status == "CLOSED" else "ACCOUNT_LOCKED"
    if asset not in state.assets:
        return "UNKNOWN_ASSET"
    if units <= 0:
        return "AMOUNT_NOT_POSITIVE"
    return "INSUFFICIENT_BALANCE" if units > account.available_units(asset) else "NONE"


def settle_fill(state: WalletState, command: WalletSettleFillCommand) -> Event:
    """Post one fill of an order: pay, receive, charge, and release what it no longer needs."""
    key = key_of(command["account_id"], command["hold_id"])
    account = state.ledger.user(command["account_id"])
    hold = state.holds.get(key)
    reason = _refusal_of_fill(account, hold, command)
    if account is None or hold is None or reason != "NONE":
        return refused(state, "WalletSettleFillCommand", command, reason)
    if command["execution_id"] <= hold.last_execution_id:
        return fill_settled(state, hold, command, is_repeat=True)
    reason = _refusal_of_posting(state, account, hold, command)
    if reason != "NONE":
        return refused(state, "WalletSettleFillCommand", command, reason)
    ledger = state.ledger
    symbol, paid = hold.symbol, command["paid_units"]
    trade = f"{symbol}:{command['trade_id']}"
    if paid:
        ledger.pay(account, hold.asset, paid, trade, symbol)
        hold.left_units -= paid
    received_asset = command["received_asset"]
    if command["received_units"]:
        ledger.receive(account, received_asset, command["received_units"], trade, symbol)
    if command["commission_units"]:
        ledger.charge(account, received_asset, command["commission_units"], trade, symbol)
    _keep(state, key, account, hold, command["keep_units"], command["execution_id"])
    return fill_settled(state, hold, command, is_repeat=False)


def _refusal_of_fill(
    account: Account | None, hold: Hold | None, command: WalletSettleFillCommand
) -> WalletRefusal:
    """What is wrong with a fill, whether or not it comes for the first time."""
    if account is None:
        return "UNKNOWN_ACCOUNT"
    paid, keep = command["paid_units"], command["keep_units"]
    received, commission = command["received_units"], command["commission_units"]
    if paid < 0 or keep < 0 or not 0 <= commission <= received or command["execution_id"] < 1:
        return "AMOUNT_NOT_POSITIVE"
    return "UNKNOWN_HOLD" if hold is None or hold.symbol != command["symbol"] else "NONE"


def _refusal_of_posting(
    state: WalletState, account: Account, hold: Hold, command: WalletSettleFillCommand
) -> WalletRefusal:
    """Why a fill that is new cannot be posted."""
    paid, received = command["paid_units"], command["received_units"]
    if hold.closed_ms or paid + command["keep_units"] > hold.left_units:
        return "HOLD_EXCEEDED"
    ledger, symbol, asset = state.ledger, hold.symbol, command["received_asset"]
    has_room = (
        account.total_units(asset) + received <= INTEGER_MAX
        and ledger.clearing_units(symbol, asset) - received >= -INTEGER_MAX
        and ledger.clearing_units(symbol, hold.asset) + paid <= INTEGER_MAX
        and ledger.fee_units(asset) + command["commission_units"] <= INTEGER_MAX
    )
    return "NONE" if has_room else "AMOUNT_OVERFLOW"


def release_funds(state: WalletState, command: WalletReleaseFundsCommand) -> Event:
    """Reduce a hold to what its order still needs."""
    key = key_of(command["account_id"], command["hold_id"])
    account = state.ledger.user(command["account_id"])
    hold = state.holds.get(key)
    execution_id, keep = command["execution_id"], command["keep_units"]
    reason = _refusal_of_release(account, hold, command)
    if account is None or hold is None or reason != "NONE":
        return refused(state, "WalletReleaseFundsCommand", command, reason)
    if hold.closed_ms or 0 < execution_id <= hold.last_execution_id:
        return funds_released(state, hold, command, 0, is_repeat=True)
    if keep > hold.left_units:
        return refused(state, "WalletReleaseFundsCommand", command, "HOLD_EXCEEDED")
    units = hold.left_units - keep
    _keep(state, key, account, hold, keep, execution_id)
    return funds_released(state, hold, command, units, is_repeat=False)


def _refusal_of_release(
    account: Account | None, hold: Hold | None, command: WalletReleaseFundsCommand
) -> WalletRefusal:
    """What is wrong with a release, whether or not it comes for the first time."""
    if account is None:
        return "UNKNOWN_ACCOUNT"
    if command["keep_units"] < 0 or command["execution_id"] < 0:
        return "AMOUNT_NOT_POSITIVE"
    return "UNKNOWN_HOLD" if hold is None or hold.symbol != command["symbol"] else "NONE"


def _keep(
    state: WalletState, key: str, account: Account, hold: Hold, keep: int, execution_id: int
) -> None:
    """Release all of a hold but ``keep``, and note how far it has come."""
    released = hold.left_units - keep
    if released:
        state.ledger.release(account, hold.asset, released, hold.hold_id, hold.symbol)
        hold.left_units = keep
    hold.last_execution_id = max(hold.last_execution_id, execution_id)
    state.change_hold(key, hold)
