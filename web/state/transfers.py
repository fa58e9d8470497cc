"""Money that came into accounts and went out of them, since the gateway runs."""

from collections import defaultdict, deque
from collections.abc import Iterable

from schemas.amounts import format_units
from schemas.topics import WALLET_EVENTS
from web.feed.hub import Hub
from web.feed.record import Received
from web.state.account_history import PastTransfer, TransferKind


class Transfers:
    """The newest ones of every account."""

    def __init__(self, kept: int) -> None:
        self._by_account: dict[tuple[str, TransferKind], deque[PastTransfer]] = defaultdict(
            lambda: deque(maxlen=kept)
        )

    def of(self, account_id: str, kind: TransferKind) -> Iterable[PastTransfer]:
        """An account's, the oldest first."""
        return self._by_account.get((account_id, kind), ())

    def find(self, account_id: str, kind: TransferKind, command_id: str) -> PastTransfer | None:
        """The one of a command."""
        return next((t for t in self.of(account_id, kind) if t.command_id == command_id), None)

    def listen(self, hub: Hub) -> None:
        """Follow the wallet's events."""
        hub.on(WALLET_EVENTS.name, "FundsDepositedEvent", self._on_deposit)
        hub.on(WALLET_EVENTS.name, "FundsWithdrawnEvent", self._on_withdrawal)

    def _on_deposit(self, received: Received) -> None:
        self._take(received, "DEPOSIT")

    def _on_withdrawal(self, received: Received) -> None:
        self._take(received, "WITHDRAWAL")

    def _take(self, received: Received, kind: TransferKind) -> None:
        event = received.record
        if event["is_repeat"]:
            return
        self._by_account[event["account_id"], kind].append(
            PastTransfer(
                event["command_id"],
                event["asset"],
                format_units(event["amount_units"]),
                event["time_ms"],
            )
        )
