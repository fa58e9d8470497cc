"""The books of one partition: entries with two sides, and the balances that they add up to.

Nothing else changes a balance.  What entries there are is in ``LEDGER.md``.
"""

from schemas.enums import EntryType
from schemas.wallet_records import LedgerEntry
from streams.domain.account import OWN_PREFIX, Account, Balance

EXTERNAL = f"{OWN_PREFIX}external"
FEES = f"{OWN_PREFIX}fees"
CLEARING = f"{OWN_PREFIX}clearing:"

SUPPLY_LIMIT_UNITS = (2**63 - 1) // 64
"""Most of one asset that a partition takes in: the sum over 64 partitions has room in 64 bits."""


class Ledger:
    """Accounts by id, the partition's own among them; ``entries`` are those of one command."""

    __slots__ = ("accounts", "entries", "touched", "changed_accounts", "changed_balances")

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.entries: list[LedgerEntry] = []
        self.touched: dict[str, Balance] = {}
        """By asset, the balances of the account that the command at hand is about."""
        self.changed_accounts: dict[str, Account] = {}
        self.changed_balances: dict[Balance, None] = {}

    def begin(self) -> None:
        """Start with the entries of another command."""
        self.entries = []
        self.touched = {}

    def open(self, account_id: str, opened_ms: int) -> Account:
        """Make an account."""
        account = self.accounts[account_id] = Account(account_id, opened_ms)
        self.changed_accounts[account_id] = account
        return account

    def user(self, account_id: str) -> Account | None:
        """A user's account; the partition's own are nobody's to command."""
        return None if account_id.startswith(OWN_PREFIX) else self.accounts.get(account_id)

    def supply_units(self, asset: str) -> int:
        """What came in of an asset and did not go out again."""
        return -self._available(EXTERNAL, asset)

    def _available(self, account_id: str, asset: str) -> int:
        account = self.accounts.get(account_id)
        return 0 if account is None else account.available_units(asset)

    def clearing_units(self, symbol: str, asset: str) -> int:
        """What is in transit of an asset, for one symbol."""
        return self._available(CLEARING + symbol, asset)

    def fee_units(self, asset: str) -> int:
        """The commissions taken in an asset."""
        return self._available(FEES, asset)

    # --- entries ----------------------------------------------------------------------------------

    def deposit(self, account: Account, asset: str, units: int, reference_id: str) -> None:
        """DEPOSIT: from outside into available."""
        self._touch(account, asset).available_units += units
        self._own(EXTERNAL, asset).available_units -= units
        self._enter(account, "DEPOSIT", asset, units, "external", "available", reference_id, "")

    def withdraw(self, account: Account, asset: str, units: int, reference_id: str) -> None:
        """WITHDRAWAL: from available to outside."""
        self._touch(account, asset).available_units -= units
        self._own(EXTERNAL, asset).available_units += units
        self._enter(account, "WITHDRAWAL", asset, units, "available", "external", reference_id, "")

    def reserve(
        self, account: Account, asset: str, units: int, reference_id: str, symbol: str
    ) -> None:
        """RESERVE: from available to held."""
        balance = self._touch(account, asset)
        balance.available_units -= units
        balance.held_units += units
        self._enter(account, "RESERVE", asset, units, "available", "held", reference_id, symbol)

    def release(
        self, account: Account, asset: str, units: int, reference_id: str, symbol: str
    ) -> None:
        """RELEASE: from held to available."""
        balance = self._touch(account, asset)
        balance.held_units -= units
        balance.available_units += units
        self._enter(account, "RELEASE", asset, units, "held", "available", reference_id, symbol)

    def pay(self, account: Account, asset: str, units: int, reference_id: str, symbol: str) -> None:
        """TRADE: from held to the symbol's clearing account."""
        self._touch(account, asset).held_units -= units
        self._own(CLEARING + symbol, asset).available_units += units
        self._enter(
            account, "TRADE", asset, units, "held", f"clearing:{symbol}", reference_id, symbol
        )

    def receive(
        self, account: Account, asset: str, units: int, reference_id: str, symbol: str
    ) -> None:
        """TRADE: from the symbol's clearing account to available."""
        self._own(CLEARING + symbol, asset).available_units -= units
        self._touch(account, asset).available_units += units
        self._enter(
            account, "TRADE", asset, units, f"clearing:{symbol}", "available", reference_id, symbol
        )

    def charge(
        self, account: Account, asset: str, units: int, reference_id: str, symbol: str
    ) -> None:
        """FEE: from available to the partition's fees."""
        self._touch(account, asset).available_units -= units
        self._own(FEES, asset).available_units += units
        self._enter(account, "FEE", asset, units, "available", "fees", reference_id, symbol)

    # ----------------------------------------------------------------------------------------------

    def _touch(self, account: Account, asset: str) -> Balance:
        balance = account.balance(asset)
        self.touched[asset] = balance
        self.changed_balances[balance] = None
        return balance

    def _own(self, account_id: str, asset: str) -> Balance:
        account = self.accounts.get(account_id)
        if account is None:
            account = self.accounts[account_id] = Account(account_id, 0)
        balance = account.balance(asset)
        self.changed_balances[balance] = None
        return balance

    def _enter(
        self,
        account: Account,
        entry_type: EntryType,
        asset: str,
        units: int,
        debit_account: str,
        credit_account: str,
        reference_id: str,
        symbol: str,
    ) -> None:
        assert units > 0
        account.last_entry_id += 1
        self.changed_accounts[account.account_id] = account
        self.entries.append(
            {
                "entry_id": account.last_entry_id,
                "entry_type": entry_type,
                "asset": asset,
                "amount_units": units,
                "debit_account": debit_account,
                "credit_account": credit_account,
                "reference_id": reference_id,
                "symbol": symbol,
            }
        )
