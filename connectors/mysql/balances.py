"""The materialised balances, moved on in the transaction that writes their entries."""

import logging
from collections.abc import Mapping
from typing import Any

from connectors.mysql.ledger_rows import BalanceChange
from connectors.mysql.statements import execute_rows, marks
from connectors.mysql.tables import WALLET, WALLET_BALANCE
from connectors.mysql.values import amount, moment
from schemas.amounts import ASSET_SCALE, format_units

log = logging.getLogger(__name__)

_LOCKED = (
    "SELECT wallet_id, available, held, updated_at FROM wallet_balance "
    "WHERE wallet_id IN ({}) FOR UPDATE"
)
_NEW = (
    "INSERT IGNORE INTO wallet_balance (wallet_id, account_id, currency, available, held) "
    "VALUES (%s, %s, %s, 0, 0)"
)

Found = dict[str, tuple[int, int, str]]
"""Available and held, in minor units, and when it changed, by wallet."""


def move_balances(cursor: Any, changes: Mapping[str, BalanceChange]) -> int:
    """Lock the balances, change them, and make wallets that are new; how many rows that was.

    Other writers and operators wait meanwhile.  A user's balance becomes what the ledger says; if
    that is not what the entries add up to, somebody changed the row or an entry is missing, and
    that is logged.
    """
    found = _lock(cursor, list(changes))
    new = [wallet for wallet in changes if wallet not in found]
    if new:
        # There must be a row to lock: another process may be making the same one.
        rows = [(wallet, changes[wallet].account_id, changes[wallet].asset) for wallet in new]
        execute_rows(cursor, _NEW, rows)
        execute_rows(cursor, WALLET.statement, [_wallet_row(w, changes[w]) for w in new])
        found |= _lock(cursor, new)
    rows = [_moved(wallet, change, found[wallet]) for wallet, change in changes.items()]
    execute_rows(cursor, WALLET_BALANCE.statement, rows)
    return len(rows) + len(new)


def _lock(cursor: Any, wallets: list[str]) -> Found:
    cursor.execute(_LOCKED.format(marks(wallets)), wallets)
    return {
        wallet: (_units(available), _units(held), str(updated or "")[:23])
        for wallet, available, held, updated in cursor.fetchall()
    }


def _units(value: Any) -> int:
    return int(value.scaleb(ASSET_SCALE))


def _wallet_row(wallet: str, change: BalanceChange) -> tuple[Any, ...]:
    # The exchange's own are met by several processes, in an order that no two runs share.
    created = None if change.is_own else moment(change.first_ms)
    return wallet, change.account_id, change.asset, created


def _moved(wallet: str, change: BalanceChange, before: tuple[int, int, str]) -> tuple[Any, ...]:
    available, held = before[0] + change.available, before[1] + change.held
    if change.told is not None and change.told != (available, held):
        log.error(
            "wallet_balance of %s in %s: the entries add up to %s available and %s held, the "
            "ledger says %s and %s; the ledger's are written: look for who changed the row, or "
            "for records that were left out",
            change.account_id,
            change.asset,
            *map(format_units, (available, held, *change.told)),
        )
        available, held = change.told
    changed = max(moment(change.last_ms) or "", before[2]) or None
    return wallet, change.account_id, change.asset, amount(available), amount(held), changed
