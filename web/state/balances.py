"""Every account's status and balances, as the accounts stage keeps them."""

from collections import defaultdict
from typing import NamedTuple

from schemas.topics import ACCOUNTS_WALLET
from web.feed.hub import Hub
from web.feed.record import Received


class Balance(NamedTuple):
    """Of one asset, in minor units."""

    available_units: int
    held_units: int


class Balances:
    """All accounts' balances."""

    def __init__(self) -> None:
        self._balances: dict[str, dict[str, Balance]] = defaultdict(dict)
        self._status: dict[str, str] = {}

    def of(self, account_id: str) -> dict[str, Balance]:
        """By asset; empty where the account has nothing or is not known."""
        return self._balances.get(account_id, {})

    def status(self, account_id: str) -> str | None:
        """OPEN, LOCKED or CLOSED; None: there is no such account."""
        return self._status.get(account_id)

    def listen(self, hub: Hub) -> None:
        """Follow the wallet's rows."""
        hub.on(ACCOUNTS_WALLET.name, "WalletBalanceRow", self._on_balance)
        hub.on(ACCOUNTS_WALLET.name, "WalletAccountRow", self._on_account)

    def _on_balance(self, received: Received) -> None:
        row = received.record
        self._balances[row["account_id"]][row["asset"]] = Balance(
            row["available_units"], row["held_units"]
        )

    def _on_account(self, received: Received) -> None:
        row = received.record
        self._status[row["account_id"]] = row["status"]
