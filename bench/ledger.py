"""The ledger's core: entries a second, with every event and every changed row, without Kafka."""

import time
from random import Random
from typing import Any

from bench.domain import ROUND, settled_memory
from bench.figure import Figure, at_least, figure
from bench.flow import START_MS, Command, bench_instruments
from bench.paid_flow import funding
from bench.run import Run
from schemas.instruments import Instrument, assets_of
from streams.domain.wallet import Wallet
from streams.transport.collector import collector_paused

ACCOUNTS = 500
FUNDS_UNITS = 10**14
_PRICE_TICKS = 1_000_000
_LOTS = (200, 1_000)
_OPEN = 200
"""So many orders are open between the reservation and the end of one of them."""


class LedgerFlow:
    """What the stages tell a wallet: half of the orders are filled, in two, half are cancelled.

    An order's reservation is one entry, and so is a release; a fill is a payment, a receipt and a
    commission, and what the order no longer needs where it is a buy below its limit.
    """

    def __init__(self, instruments: dict[str, Instrument], *, seed: int = 1) -> None:
        self._rng = Random(seed)
        self._instruments = list(instruments.values())
        self._accounts = [f"acct-{number:06d}" for number in range(ACCOUNTS)]
        self._assets = sorted(assets_of(instruments))
        self._open: list[dict[str, Any]] = []
        self._made = 0
        self._executions = 0

    def funding(self) -> list[Command]:
        """Accounts, and their money."""
        return list(funding(self._accounts, self._assets, FUNDS_UNITS))

    def take(self, count: int) -> list[Command]:
        """The next commands, at least so many."""
        commands: list[Command] = []
        while len(commands) < count:
            commands.append(self._reservation())
            if len(self._open) > _OPEN:
                commands += self._end()
        return commands

    def _reservation(self) -> Command:
        rng = self._rng
        rules = self._instruments[int(rng.random() * len(self._instruments))]
        lots = 2 * rng.randint(*_LOTS)
        is_buy = rng.random() < 0.5
        worth = _PRICE_TICKS * lots * rules.quote_units_per_tick_lot
        order = {
            "rules": rules,
            "is_buy": is_buy,
            "lots": lots,
            "units": worth if is_buy else lots * rules.base_units_per_lot,
            "account_id": self._accounts[int(rng.random() * len(self._accounts))],
            "hold_id": f"000001-{self._next():019d}",
        }
        self._open.append(order)
        return "WalletReserveFundsCommand", {
            "command_id": order["hold_id"],
            "account_id": order["account_id"],
            "symbol": rules.symbol,
            "asset": rules.quote_asset if is_buy else rules.base_asset,
            "amount_units": order["units"],
            "requested_ms": self._now(),
            "time_ms": self._now(),
        }

    def _end(self) -> list[Command]:
        place = int(self._rng.random() * len(self._open))
        order = self._open[place]
        self._open[place] = self._open[-1]
        self._open.pop()
        if self._rng.random() < 0.5:
            return [("WalletReleaseFundsCommand", self._about(order, "release", 0))]
        half = order["units"] // 2
        return [
            ("WalletSettleFillCommand", self._fill(order, half)),
            ("WalletSettleFillCommand", self._fill(order, 0)),
        ]

    def _fill(self, order: dict[str, Any], keep: int) -> dict[str, Any]:
        rules: Instrument = order["rules"]
        lots = order["lots"] // 2
        # A tick below a buy's limit.
        price = _PRICE_TICKS - 1 if order["is_buy"] else _PRICE_TICKS
        base = lots * rules.base_units_per_lot
        quote = price * lots * rules.quote_units_per_tick_lot
        paid, received = (quote, base) if order["is_buy"] else (base, quote)
        return self._about(order, "settle", keep) | {
            "order_id": self._made,
            "trade_id": self._executions,
            "side": "BUY" if order["is_buy"] else "SELL",
            "role": "MAKER",
            "paid_units": paid,
            "received_asset": rules.base_asset if order["is_buy"] else rules.quote_asset,
            "received_units": received,
            "commission_units": received // 1_000,
            "commission_rate_ppm": 1_000,
        }

    def _about(self, order: dict[str, Any], what: str, keep: int) -> dict[str, Any]:
        self._executions += 1
        return {
            "command_id": f"{what}-{self._executions}",
            "account_id": order["account_id"],
            "hold_id": order["hold_id"],
            "symbol": order["rules"].symbol,
            "execution_id": self._executions,
            "keep_units": keep,
            "time_ms": self._now(),
        }

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _now(self) -> int:
        # Two thousand orders a second.
        return START_MS + self._made // 2


def measure(run: Run) -> list[Figure]:
    """Entries and commands a second."""
    run.say("making commands")
    instruments = bench_instruments(run.folder)
    flow = LedgerFlow(instruments)
    first, commands = flow.funding(), flow.take(run.size(200_000, 2_000))
    entry_rates, command_rates = [], []
    for number in range(run.rounds):
        run.say(f"round {number + 1} of {run.rounds}")
        wallet = Wallet(assets_of(instruments))
        for name, command in first:
            wallet.apply(name, command)
        wallet.take_changes()
        entries, seconds = posted(wallet, commands)
        entry_rates.append(entries / seconds)
        command_rates.append(len(commands) / seconds)
    note = (
        f"{ACCOUNTS} accounts; half of the orders are filled in two, half are cancelled; an entry "
        "moves an amount from one account to another; with events, and rows every "
        f"{ROUND} commands"
    )
    return [
        figure(
            "ledger", "ledger core", entry_rates, "entries/s", goal=at_least(200_000), note=note
        ),
        figure("ledger", "commands on money", command_rates, "commands/s"),
    ]


def posted(wallet: Wallet, commands: list[Command]) -> tuple[int, float]:
    """How many entries the commands made, and in how many seconds, changed rows included."""
    entries = 0
    with settled_memory():
        started = time.perf_counter()
        for start in range(0, len(commands), ROUND):
            with collector_paused():
                for name, command in commands[start : start + ROUND]:
                    event = wallet.apply(name, command)
                    if event is not None:
                        entries += len(event[1]["entries"])
                wallet.take_changes()
        return entries, time.perf_counter() - started
