"""Clients' commands for the whole saga: orders that money has to be reserved for, and cancels.

No market of its own stands behind it, as behind ``bench.flow``: commands of one symbol come from
many accounts, whose partitions are worked on side by side, so nobody knows beforehand which maker a
taker will find.  Orders are named by client order ids, which clients choose themselves.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any

from bench.flow import START_MS, SYMBOLS, Command

MIDDLE_TICKS = 1_000_000
_NEAR_TICKS = (1, 50)
"""How far from the middle orders rest that takers reach,"""
_FAR_TICKS = (100, 500)
"""and those that are cancelled some time later."""
_LOTS = (200, 100_000)
_TAKERS_LOTS = (240, 120_000)
"""A little more than the makers bring, so that books do not grow."""
_CANCELLED_AFTER = 400


class PaidFlow:
    """Orders that rest, orders that take the half of them, cancels of the others."""

    mix = "50 % makers, 25 % takers (IOC), 25 % cancels"

    def __init__(self, accounts: Sequence[str], *, seed: int = 1) -> None:
        self._rng = Random(seed)
        self._seed = seed
        self._accounts = accounts
        self._made = 0
        self._far: deque[dict[str, Any]] = deque()

    def in_words(self) -> str:
        """What the flow is made of."""
        return (
            f"{len(SYMBOLS)} symbols, {len(self._accounts)} accounts, seed {self._seed}: {self.mix}"
        )

    def take(self, count: int) -> list[Command]:
        """The next commands of the mix."""
        return list(islice(self._mix(), count))

    def orders(self, count: int) -> list[Command]:
        """The next orders of the mix, without its cancels."""
        mix = (command for command in self._mix() if command[0] == "PlaceOrder")
        return list(islice(mix, count))

    def makers(self, count: int) -> list[Command]:
        """Orders that rest."""
        return [("PlaceOrder", self._maker()) for _ in range(count)]

    def passing_orders(self, count: int) -> list[Command]:
        """Far from all others an order, and its cancel, in turn."""
        commands: list[Command] = []
        while len(commands) < count:
            order = self._order("BUY", MIDDLE_TICKS * 9 // 10, 200)
            commands += [("PlaceOrder", order), ("CancelOrder", self._cancel(order))]
        return commands[:count]

    def _mix(self) -> Iterator[Command]:
        rng = self._rng
        while True:
            chance = rng.random()
            if chance < 0.25 and len(self._far) > _CANCELLED_AFTER:
                yield "CancelOrder", self._cancel(self._far.popleft())
            elif chance < 0.50:
                side = self._side()
                reach = _NEAR_TICKS[1] if side == "BUY" else -_NEAR_TICKS[1]
                taker = self._order(side, MIDDLE_TICKS + reach, rng.randint(*_TAKERS_LOTS))
                yield "PlaceOrder", taker | {"time_in_force": "IOC"}
            else:
                yield "PlaceOrder", self._maker()

    def _maker(self) -> dict[str, Any]:
        rng = self._rng
        side, is_far = self._side(), rng.random() < 0.5
        away = rng.randint(*(_FAR_TICKS if is_far else _NEAR_TICKS))
        price = MIDDLE_TICKS + (-away if side == "BUY" else away)
        order = self._order(side, price, rng.randint(*_LOTS))
        if is_far:
            self._far.append(order)
        return order

    def _side(self) -> str:
        return "BUY" if self._rng.random() < 0.5 else "SELL"

    def _order(self, side: str, price: int, lots: int) -> dict[str, Any]:
        rng = self._rng
        account = self._accounts[int(rng.random() * len(self._accounts))]
        return self._outer(account, SYMBOLS[int(rng.random() * len(SYMBOLS))]) | {
            "client_order_id": f"order-{self._made:010d}",
            "side": side,
            "order_type": "LIMIT",
            "time_in_force": "GTC",
            "price_ticks": price,
            "stop_price_ticks": 0,
            "quantity_lots": lots,
            "quote_quantity_units": 0,
            "iceberg_lots": 0,
            "self_trade_prevention": "EXPIRE_MAKER",
            "budget_units": 0,
            # Of these the orders stage says what they are.
            "reserved_price_ticks": 0,
            "hold_id": "",
            "maker_rate_ppm": 0,
            "taker_rate_ppm": 0,
        }

    def _cancel(self, order: dict[str, Any]) -> dict[str, Any]:
        return self._outer(order["account_id"], order["symbol"]) | {
            "order_id": 0,
            "original_client_order_id": order["client_order_id"],
            "client_order_id": f"cancel-{self._made:010d}",
            "restriction": "NONE",
            "hold_id": "",
        }

    def _outer(self, account: str, symbol: str) -> dict[str, Any]:
        self._made += 1
        return {
            # As long as the ids that the gateway gives.
            "command_id": f"{self._seed:06d}-{self._made:019d}",
            "account_id": account,
            "symbol": symbol,
            "time_ms": START_MS,
        }


def funding(accounts: Sequence[str], assets: Sequence[str], units: int) -> Iterator[Command]:
    """Commands that open accounts and give each so many minor units of every asset."""
    for account in accounts:
        about = {"account_id": account, "time_ms": START_MS}
        yield "WalletOpenAccountCommand", {**about, "command_id": f"open-{account}"}
        for asset in assets:
            money = {"command_id": f"fund-{asset}", "asset": asset, "amount_units": units}
            yield "WalletDepositCommand", {**about, **money}
