"""A wallet: the money of one partition of accounts, commands in and events out (``LEDGER.md``)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from streams.domain.funding import deposit, open_account, set_status, withdraw
from streams.domain.settling import release_funds, reserve_funds, settle_fill
from streams.domain.state_hash import hash_of_rows
from streams.domain.wallet_events import Event
from streams.domain.wallet_state import REMEMBERED_LIMIT, WalletRow, WalletState


class Wallet:
    """The accounts of one partition; ``state`` is for reading."""

    __slots__ = ("state",)

    def __init__(self, assets: Iterable[str], *, remembered_limit: int = REMEMBERED_LIMIT) -> None:
        self.state = WalletState(assets, remembered_limit=remembered_limit)

    @classmethod
    def restore(
        cls,
        assets: Iterable[str],
        rows: Mapping[str, Any],
        *,
        remembered_limit: int = REMEMBERED_LIMIT,
    ) -> "Wallet":
        """The wallet whose rows a table kept."""
        wallet = cls(assets, remembered_limit=remembered_limit)
        wallet.state.load(rows)
        return wallet

    def apply(self, name: str, command: Mapping[str, Any]) -> Event | None:
        """Carry out a command, given by the name of its record; a Tick has no event."""
        state = self.state
        state.advance(command["time_ms"])
        if name == "Tick":
            return None
        state.ledger.begin()
        return _HANDLERS[name](state, command)

    def take_changes(self) -> dict[str, WalletRow | None]:
        """By key, the rows that changed since the last call; None for one that is gone."""
        return self.state.take_changes()

    def state_hash(self) -> str:
        """A digest of all rows: wallets with equal digests go on alike."""
        return hash_of_rows(self.state.rows())


_HANDLERS: dict[str, Callable[[WalletState, Any], Event]] = {
    "WalletOpenAccountCommand": open_account,
    "WalletSetStatusCommand": set_status,
    "WalletDepositCommand": deposit,
    "WalletWithdrawCommand": withdraw,
    "WalletReserveFundsCommand": reserve_funds,
    "WalletSettleFillCommand": settle_fill,
    "WalletReleaseFundsCommand": release_funds,
}
