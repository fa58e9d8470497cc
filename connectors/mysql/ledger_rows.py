"""Rows of the ledger: both sides of each entry, and what they make of the balances.

A wallet is what one account has of one asset.  The sides of an entry that are no user's (external,
fees, clearing) are wallets of the exchange's own accounts, whose names begin with ``@``; so all
amounts of an asset add up to nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from connectors.mysql.values import amount, moment

Row = tuple[Any, ...]

_NAMESPACE = UUID("6f5a1c9e-5d1b-4c0e-9d0a-4f2a1d6b7c33")
_OWN_PREFIX = "@"
_PARTS = frozenset({"available", "held"})

WALLET_EVENTS = frozenset(
    {
        "AccountStatusChangedEvent",
        "FundsDepositedEvent",
        "FundsWithdrawnEvent",
        "FundsReservedEvent",
        "FundsReservationFailedEvent",
        "FundsReleasedEvent",
        "FillSettledEvent",
        "WalletCommandRefusedEvent",
    }
)


@lru_cache(maxsize=100_000)
def wallet_id(account_id: str, asset: str) -> str:
    """The wallet's id, a UUID of version 5: equal in every database."""
    return str(uuid5(_NAMESPACE, f"{account_id} {asset}"))


@dataclass(slots=True)
class BalanceChange:
    """What a batch does to a wallet, in minor units."""

    account_id: str
    asset: str
    first_ms: int
    last_ms: int
    available: int = 0
    held: int = 0
    told: tuple[int, int] | None = None
    """Available and held as the last event said; nobody says it of the exchange's own wallets."""

    @property
    def is_own(self) -> bool:
        """Whether it is the exchange's, which may be below zero and is fed by all partitions."""
        return self.account_id.startswith(_OWN_PREFIX)


class LedgerRows:
    """What the wallet events of a batch become."""

    def __init__(self) -> None:
        self.transactions: list[Row] = []
        self.balances: dict[str, BalanceChange] = {}
        """By wallet id."""

    def add(self, event: Any) -> None:
        """One event's entries and balances; raises UnstorableError."""
        account_id, time_ms = event["account_id"], event["time_ms"]
        for entry in event["entries"]:
            self._enter(event, entry, entry["debit_account"], "DEBIT", -entry["amount_units"])
            self._enter(event, entry, entry["credit_account"], "CREDIT", entry["amount_units"])
        for balance in event["balances"]:
            change = self._change(account_id, balance["asset"], time_ms)
            change.told = balance["available_units"], balance["held_units"]

    def _enter(self, event: Any, entry: Any, name: str, side: str, units: int) -> None:
        is_users = name in _PARTS
        account_id = event["account_id"] if is_users else f"{_OWN_PREFIX}{name}"
        part = name if is_users else "available"
        change = self._change(account_id, entry["asset"], event["time_ms"])
        if part == "held":
            change.held += units
        else:
            change.available += units
        self.transactions.append(
            (
                event["account_id"],
                entry["entry_id"],
                side,
                wallet_id(account_id, entry["asset"]),
                account_id,
                entry["asset"],
                part,
                amount(units),
                entry["entry_type"],
                entry["reference_id"],
                entry["symbol"],
                event["command_id"],
                moment(event["time_ms"]),
            )
        )

    def _change(self, account_id: str, asset: str, time_ms: int) -> BalanceChange:
        wallet = wallet_id(account_id, asset)
        change = self.balances.get(wallet)
        if change is None:
            change = self.balances[wallet] = BalanceChange(account_id, asset, time_ms, time_ms)
        change.last_ms = max(change.last_ms, time_ms)
        return change
