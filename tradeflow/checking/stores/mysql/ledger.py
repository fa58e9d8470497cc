"""What wallet events make of the wallets, their balances and the sides of their entries."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from tradeflow.checking.stores.mysql.plain_values import amount, moment

Row = dict[str, Any]

_WALLETS = UUID("6f5a1c9e-5d1b-4c0e-9d0a-4f2a1d6b7c33")
_SIDES = (("DEBIT", -1), ("CREDIT", 1))


@dataclass(slots=True)
class Wallet:
    """What one account has of one asset; amounts are minor units, times ms."""

    wallet_id: str
    owner: str
    asset: str
    first_ms: int
    last_ms: int
    available: int = 0
    held: int = 0

    def row(self) -> Row:
        """Of the table of wallets."""
        # Nobody can say when the exchange's own came first: all partitions feed them.
        created = None if self.owner.startswith("@") else moment(self.first_ms)
        return {
            "wallet_id": self.wallet_id,
            "user_id": self.owner,
            "currency": self.asset,
            "created_at": created,
        }

    def balance_row(self) -> Row:
        """Of the table of balances."""
        return {
            "wallet_id": self.wallet_id,
            "account_id": self.owner,
            "currency": self.asset,
            "available": amount(self.available),
            "held": amount(self.held),
            "updated_at": moment(self.last_ms),
        }


class Ledger:
    """Wallets by owner and asset: as many as there are, however long the log."""

    def __init__(self) -> None:
        self._wallets: dict[tuple[str, str], Wallet] = {}

    def wallets(self) -> Iterator[Wallet]:
        """All of them."""
        yield from self._wallets.values()

    def rows(self, event: Any) -> list[Row]:
        """Both sides of each of the event's entries; moves nothing; raises NoRoomError."""
        created = moment(event["time_ms"])
        rows = []
        for entry in event["entries"]:
            for side, sign in _SIDES:
                name = entry[f"{side.lower()}_account"]
                owner, part = _owner(event["account_id"], name)
                rows.append(
                    {
                        "entry_account_id": event["account_id"],
                        "entry_id": entry["entry_id"],
                        "side": side,
                        "wallet_id": wallet_id(owner, entry["asset"]),
                        "account_id": owner,
                        "currency": entry["asset"],
                        "part": part,
                        "amount": amount(sign * entry["amount_units"]),
                        "reference_type": entry["entry_type"],
                        "reference_id": entry["reference_id"],
                        "symbol": entry["symbol"],
                        "command_id": event["command_id"],
                        "created_at": created,
                    }
                )
        return rows

    def move(self, event: Any) -> None:
        """Move the balances: entry by entry, and of the user's what the ledger itself says."""
        account, time_ms = event["account_id"], event["time_ms"]
        for entry in event["entries"]:
            for side, sign in _SIDES:
                owner, part = _owner(account, entry[f"{side.lower()}_account"])
                wallet = self._wallet(owner, entry["asset"], time_ms)
                moved = sign * entry["amount_units"]
                setattr(wallet, part, getattr(wallet, part) + moved)
        for balance in event["balances"]:
            wallet = self._wallet(account, balance["asset"], time_ms)
            wallet.available, wallet.held = balance["available_units"], balance["held_units"]

    def _wallet(self, owner: str, asset: str, time_ms: int) -> Wallet:
        found = self._wallets.get((owner, asset))
        if found is None:
            found = Wallet(wallet_id(owner, asset), owner, asset, time_ms, time_ms)
            self._wallets[owner, asset] = found
        found.last_ms = max(found.last_ms, time_ms)
        return found


def wallet_id(owner: str, asset: str) -> str:
    """A UUID of version 5 of the two."""
    return str(uuid5(_WALLETS, f"{owner} {asset}"))


def _owner(account: str, name: str) -> tuple[str, str]:
    """Whose a side of an entry is, and which part of his: accounts of the exchange have one."""
    return (account, name) if name in ("available", "held") else (f"@{name}", "available")
