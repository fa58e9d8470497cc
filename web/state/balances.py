"""Every account's status and balances, as the accounts stage keeps them."""

from collections import defaultdict
from typing import NamedTuple

from schemas.topics import ACCOUNTS_WALLET, WALLET_EVENTS
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
        self._changed_ms: dict[str, int] = defaultdict(int)

    def of(self, account_id: str) -> dict[str, Balance]:
        """By asset; empty where the account has nothing or is not known."""
        return self._balances.get(account_id, {})

    def status(self, account_id: str) -> str | None:
        """OPEN, LOCKED or CLOSED; None: there is no such account."""
        return self._status.get(account_id)

    def changed_ms(self, account_id: str) -> int:
        """When its money was last moved, as far as is known; 0: there is no such account."""
        return self._changed_ms.get(account_id, 0)

    def listen(self, hub: Hub) -> None:
        """Follow the wallet's rows."""
        hub.on(ACCOUNTS_WALLET.name, "WalletBalanceRow", self._on_balance)
        hub.on(ACCOUNTS_WALLET.name, "WalletAccountRow", self._on_account)
        for name in WALLET_EVENTS.values:
            if name != "Tick":
                hub.on(WALLET_EVENTS.name, name, self._on_event)

    def _on_balance(self, received: Received) -> None:
        row = received.record
        self._balances[row["account_id"]][row["asset"]] = Balance(
            row["available_units"], row["held_units"]
        )

    def _on_account(self, received: Received) -> None:
        row = received.record
        self._status[row["account_id"]] = row["status"]
        self._note_time(row["account_id"], row["opened_ms"])

    def _on_event(self, received: Received) -> None:
        event = received.record
        if event["entries"]:
            self._note_time(event["account_id"], event["time_ms"])

    def _note_time(self, account_id: str, time_ms: int) -> None:
        self._changed_ms[account_id] = max(self._changed_ms[account_id], time_ms)
