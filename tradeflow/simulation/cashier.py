"""Deposits, withdrawals and locks, which race with the orders of the same accounts."""

from random import Random
from typing import Any

from schemas.instruments import assets_of
from tradeflow.simulation.instruments import INSTRUMENTS
from tradeflow.simulation.workload import ACCOUNTS, STRANGER, Sent

ASSETS = tuple(sorted(assets_of(INSTRUMENTS)))

_FIRST_UNITS = {"BTC": 40_000, "ETH": 5_000, "USDT": 30_000}
"""Some orders' worth: what follows is not always paid for."""


class Cashier:
    """Commands for ``wallet.commands``."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._made = 0
        self._sent: list[Sent] = []
        self._locked: list[str] = []

    def opening(self, time_ms: int) -> list[Sent]:
        """Accounts with something in them."""
        sent = []
        for account_id in ACCOUNTS:
            sent.append(self._command("WalletOpenAccountCommand", account_id, time_ms))
            for asset in ASSETS:
                units = self._rng.randint(_FIRST_UNITS[asset] // 2, _FIRST_UNITS[asset] * 2)
                sent.append(self._deposit(account_id, asset, units, time_ms))
        return sent

    def next(self, time_ms: int) -> Sent:
        """The next command; sometimes one of the last again."""
        rng = self._rng
        pick = rng.random()
        if self._sent and pick < 0.08:
            return rng.choice(self._sent[-10:])
        if self._locked and pick < 0.45:
            return self._lock(self._locked.pop(), time_ms, status="OPEN")
        account_id = rng.choice((*ACCOUNTS, STRANGER)) if pick < 0.2 else rng.choice(ACCOUNTS)
        asset = rng.choice(ASSETS)
        most = _FIRST_UNITS[asset]
        if pick < 0.50:
            return self._deposit(account_id, asset, rng.randint(0, most), time_ms)
        if pick < 0.80:
            units = rng.choice((1, most // 20, most // 2, 3 * most))
            more = {"asset": asset, "amount_units": units}
            return self._command("WalletWithdrawCommand", account_id, time_ms, **more)
        if pick < 0.84:
            return self._command("WalletOpenAccountCommand", account_id, time_ms)
        if rng.random() < 0.3:
            # Refused while there is money.
            return self._lock(account_id, time_ms, status="CLOSED")
        self._locked.append(account_id)
        return self._lock(account_id, time_ms, status="LOCKED")

    def _lock(self, account_id: str, time_ms: int, *, status: str) -> Sent:
        return self._command("WalletSetStatusCommand", account_id, time_ms, status=status)

    def _deposit(self, account_id: str, asset: str, units: int, time_ms: int) -> Sent:
        more = {"asset": asset, "amount_units": units}
        return self._command("WalletDepositCommand", account_id, time_ms, **more)

    def _command(self, name: str, account_id: str, time_ms: int, **more: Any) -> Sent:
        self._made += 1
        about = {"command_id": f"w{self._made}", "account_id": account_id, "time_ms": time_ms}
        sent = Sent(name, about | more)
        self._sent.append(sent)
        return sent
