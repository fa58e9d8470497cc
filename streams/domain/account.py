"""An account and its balances: the live forms of ``WalletAccountRow`` and ``WalletBalanceRow``."""

from schemas.enums import AccountStatus
from schemas.wallet_records import AssetBalance, WalletAccountRow, WalletBalanceRow

OWN_PREFIX = "@"
"""Ids of a partition's own accounts begin with it, and no user's does."""


class Balance:
    """What one account has of one asset, in minor units."""

    __slots__ = ("account_id", "asset", "available_units", "held_units")

    def __init__(
        self, account_id: str, asset: str, available_units: int = 0, held_units: int = 0
    ) -> None:
        self.account_id = account_id
        self.asset = asset
        self.available_units = available_units
        self.held_units = held_units

    def to_row(self) -> WalletBalanceRow:
        """The row that a table keeps of it."""
        return {
            "account_id": self.account_id,
            "asset": self.asset,
            "available_units": self.available_units,
            "held_units": self.held_units,
        }

    def shown(self) -> AssetBalance:
        """As events show it."""
        return {
            "asset": self.asset,
            "available_units": self.available_units,
            "held_units": self.held_units,
        }


class Account:
    """A user's account, or one of the partition's own; ``open_holds`` counts its open holds."""

    __slots__ = ("account_id", "status", "last_entry_id", "opened_ms", "balances", "open_holds")

    def __init__(self, account_id: str, opened_ms: int) -> None:
        self.account_id = account_id
        self.status: AccountStatus = "OPEN"
        self.last_entry_id = 0
        self.opened_ms = opened_ms
        self.balances: dict[str, Balance] = {}
        self.open_holds = 0

    @classmethod
    def from_row(cls, row: WalletAccountRow) -> "Account":
        """The account that a row describes, without its balances."""
        account = cls(row["account_id"], row["opened_ms"])
        account.status = row["status"]
        account.last_entry_id = row["last_entry_id"]
        return account

    def to_row(self) -> WalletAccountRow:
        """The row that a table keeps of it."""
        return {
            "account_id": self.account_id,
            "status": self.status,
            "last_entry_id": self.last_entry_id,
            "opened_ms": self.opened_ms,
        }

    def balance(self, asset: str) -> Balance:
        """The balance of an asset, from the first time that it is asked for."""
        balance = self.balances.get(asset)
        if balance is None:
            balance = self.balances[asset] = Balance(self.account_id, asset)
        return balance

    def available_units(self, asset: str) -> int:
        """What it can spend of an asset."""
        balance = self.balances.get(asset)
        return 0 if balance is None else balance.available_units

    def total_units(self, asset: str) -> int:
        """What it has of an asset, held or not."""
        balance = self.balances.get(asset)
        return 0 if balance is None else balance.available_units + balance.held_units

    @property
    def is_own(self) -> bool:
        """Whether it is one of the partition's own."""
        return self.account_id.startswith(OWN_PREFIX)

    @property
    def is_empty(self) -> bool:
        """Whether it has no money and no open hold."""
        return not self.open_holds and not any(
            balance.available_units or balance.held_units for balance in self.balances.values()
        )
