"""Seeded commands of clients: most can be paid for, some not, some come twice or make no sense."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.instruments import Instrument
from tests.simulation.builders import a_cancel, a_cancel_replace, a_place, an_amend

Command = tuple[str, dict[str, Any]]

MIDDLE_TICKS = 100


class PaidFlow:
    """Orders near one price, and commands on orders that were sent a while ago."""

    def __init__(
        self, instruments: Mapping[str, Instrument], accounts: Sequence[str], *, seed: int
    ) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.symbols = list(instruments)
        self.instruments = instruments
        self.accounts = list(accounts)
        self.made = 0
        self.placed: list[dict[str, Any]] = []
        self.sent: list[Command] = []

    def next_command(self, time_ms: int) -> Command:
        """The next one, as a client would send it now."""
        self.made += 1
        pick = self.rng.random()
        if self.sent and pick < 0.04:
            return self.rng.choice(self.sent[-30:])
        if self.placed and pick < 0.40:
            command = self._on_an_order(time_ms)
        else:
            command = "PlaceOrder", self._order(time_ms)
            self.placed.append(command[1])
        self.sent.append(command)
        return command

    def _order(self, time_ms: int) -> dict[str, Any]:
        rng = self.rng
        side = rng.choice(("BUY", "SELL"))
        away = rng.randint(-3, 6)
        price = MIDDLE_TICKS + (-away if side == "BUY" else away)
        terms: dict[str, Any] = {"side": side, "price_ticks": price}
        terms["quantity_lots"] = rng.randint(1, 9)
        shape = rng.random()
        rules = self.instruments[symbol := rng.choice(self.symbols)]
        worth = price * terms["quantity_lots"] * rules.quote_units_per_tick_lot
        if shape < 0.10:
            terms |= {"time_in_force": rng.choice(("IOC", "FOK"))}
        elif shape < 0.20:
            budget = worth * 11 // 10 if side == "BUY" else 0
            terms |= {"order_type": "MARKET", "price_ticks": 0, "budget_units": budget}
        elif shape < 0.26:
            budget = worth if side == "BUY" else 9 * rules.base_units_per_lot
            quote = {"quantity_lots": 0, "quote_quantity_units": worth, "budget_units": budget}
            terms |= {"order_type": "MARKET", "price_ticks": 0, **quote}
        elif shape < 0.30:
            stop = {"stop_price_ticks": price + (2 if side == "BUY" else -2)}
            terms |= {"order_type": "STOP_LOSS_LIMIT", **stop}
        elif shape < 0.34:
            terms |= {"quantity_lots": rng.choice((0, -1, 10**9, 10**6))}
        mode = rng.choice(("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "DECREMENT"))
        return dict(
            a_place(
                command_id=f"{self.seed}-{self.made}",
                client_order_id=f"c{self.made if rng.random() < 0.97 else self.made // 2}",
                account_id=rng.choice(self.accounts),
                symbol=symbol,
                self_trade_prevention=mode,
                time_ms=time_ms,
                **terms,
            )
        )

    def _on_an_order(self, time_ms: int) -> Command:
        rng = self.rng
        old = rng.choice(self.placed[-60:])
        about = {
            "command_id": f"{self.seed}-{self.made}",
            "account_id": old["account_id"] if rng.random() < 0.95 else rng.choice(self.accounts),
            "symbol": old["symbol"],
            "time_ms": time_ms,
        }
        named = {"original_client_order_id": old["client_order_id"]}
        pick = rng.random()
        if pick < 0.6:
            return "CancelOrder", dict(a_cancel(**about, **named))
        if pick < 0.8:
            amended = an_amend(
                **about, **named, quantity_lots=rng.randint(1, 4), client_order_id=""
            )
            return "AmendOrder", dict(amended)
        place = self._order(time_ms) | {"symbol": old["symbol"]}
        mode = rng.choice(("STOP_ON_FAILURE", "ALLOW_FAILURE"))
        replaced = a_cancel_replace(a_cancel(**named), place, mode=mode, **about)  # type: ignore[arg-type]
        return "CancelReplaceOrder", dict(replaced)
