"""Seeded commands on money: most of them sensible, some wrong, and some sent before."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from tests.simulation.reference_wallet import REMEMBERED_MS, SUPPLY_LIMIT

ASSETS = {"BTC", "USDT"}
SYMBOLS = ("BTCUSDT", "LTCUSDT")


class WalletWorkload:
    """Commands of some accounts; the last of them is never opened on purpose."""

    def __init__(
        self, seed: int, accounts: Sequence[str] = ("ann", "bob", "cy"), *, ticks: bool = True
    ) -> None:
        self.rng = random.Random(seed)
        self.accounts = (*accounts, "@fees")
        self.weights = (*(8 for _ in accounts[:-1]), 3, 1)
        self.ticks = ticks
        self.now = 1_000
        self.number = 0
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.reserved: list[dict[str, Any]] = []

    def commands(self, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
        for account in self.accounts[:-2]:
            yield self._send("WalletOpenAccountCommand", account_id=account)
        for _ in range(count):
            self.now += self.rng.choice((0, 0, 1, 7, 1_000, 60_000, REMEMBERED_MS // 2))
            yield self._next()

    def _next(self) -> tuple[str, dict[str, Any]]:
        rng = self.rng
        pick = rng.random()
        if self.sent and pick < 0.15:
            return self._again()
        if self.ticks and pick < 0.20:
            return "Tick", {"time_ms": self.now - rng.choice((0, 5))}
        if pick < 0.28:
            name = rng.choice(("WalletOpenAccountCommand", "WalletSetStatusCommand"))
            more = {"status": rng.choice(("OPEN", "OPEN", "LOCKED", "CLOSED"))}
            return self._send(name, **(more if name == "WalletSetStatusCommand" else {}))
        if pick < 0.45:
            return self._send(
                "WalletDepositCommand", asset=self._asset(), amount_units=self._units()
            )
        if pick < 0.55:
            return self._send(
                "WalletWithdrawCommand", asset=self._asset(), amount_units=self._units()
            )
        if pick < 0.75:
            command = self._send(
                "WalletReserveFundsCommand",
                symbol=rng.choice(SYMBOLS),
                asset=self._asset(),
                amount_units=self._units(),
                requested_ms=self.now,
            )
            self.reserved.append(command[1])
            return command
        return self._about_a_hold()

    def _about_a_hold(self) -> tuple[str, dict[str, Any]]:
        rng = self.rng
        hold = rng.choice(self.reserved[-6:]) if self.reserved else None
        amount = max(hold["amount_units"] if hold else 10, 0)
        common = {
            "account_id": hold["account_id"] if hold else "ann",
            "hold_id": hold["command_id"] if hold else "none",
            "symbol": hold["symbol"] if hold and rng.random() < 0.95 else "BTCUSDT",
            "execution_id": max(0, self.number - rng.choice((0, 0, 0, 0, 3))),
        }
        keep = rng.choice((0, 0, amount // 2, amount // 4, amount, -1))
        if rng.random() < 0.4:
            return self._send("WalletReleaseFundsCommand", **common, keep_units=keep)
        received = rng.choice((0, 1, 100, 10_000, 2**62))
        return self._send(
            "WalletSettleFillCommand",
            **common,
            order_id=1,
            trade_id=self.number,
            side="BUY",
            role="MAKER",
            paid_units=rng.choice((0, 1, amount // 4, amount // 4, amount // 2, amount, -1)),
            received_asset=self._asset(),
            received_units=received,
            commission_units=rng.choice((0, received // 1_000, received // 10, received + 1)),
            commission_rate_ppm=1_000,
            keep_units=keep,
        )

    def _again(self) -> tuple[str, dict[str, Any]]:
        """A command that was sent: as it was, or with its id under something else."""
        rng = self.rng
        name, command = rng.choice(self.sent[-20:])
        command = {**command, "time_ms": self.now}
        if "amount_units" in command and rng.random() < 0.3:
            command["amount_units"] -= 1
        elif rng.random() < 0.2:
            ids = {"account_id": command["account_id"], "command_id": command["command_id"]}
            asset = {"asset": "BTC", "amount_units": 1}
            return "WalletDepositCommand", {**ids, **asset, "time_ms": self.now}
        return name, command

    def _send(self, name: str, **fields: Any) -> tuple[str, dict[str, Any]]:
        self.number += 1
        command = {
            "command_id": f"c{self.number}",
            "account_id": self.rng.choices(self.accounts, self.weights)[0],
            **fields,
            "time_ms": self.now,
        }
        self.sent.append((name, command))
        return name, command

    def _asset(self) -> str:
        return self.rng.choices(("BTC", "USDT", "DOGE"), (10, 10, 1))[0]

    def _units(self) -> int:
        return self.rng.choice((1, 50, 1_000, 70_000, 0, -5, SUPPLY_LIMIT // 2, 2**63 - 1))
