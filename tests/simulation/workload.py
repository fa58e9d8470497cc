"""Seeded streams of commands: the same seed gives the same commands, on any machine.

Ids and times are made here as clients and the ingress would make them.  To cancel and amend with
sense a workload must know what is open: show it the reports with ``observe``.  Unobserved, it
guesses that each order it sent was accepted, which is good enough to measure speed.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Any

from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from tests.simulation.bad_values import spoil
from tests.simulation.open_orders import OpenOrders
from tests.simulation.profiles import HOSTILE, REALISTIC, Profile

Command = dict[str, Any]

START_MS = 1_760_000_000_000
DAY_MS = 86_400_000
LARGEST = 2**63 - 1

__all__ = ["HOSTILE", "REALISTIC", "Profile", "Workload"]


@dataclass
class Workload:
    """An endless stream of (kind, command)."""

    profile: Profile
    seed: int
    made: int = 0
    """Commands so far."""
    _rng: Random = field(init=False, repr=False)
    _open: dict[str, OpenOrders] = field(init=False, repr=False)
    _is_observed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._rng = Random(self.seed)
        self._symbols = list(self.profile.instruments)
        self._open = {symbol: OpenOrders() for symbol in self._symbols}
        self._sent = dict.fromkeys(self._symbols, 0)
        self._now = START_MS
        self._middle = float(self.profile.middle_ticks)
        self._makers = [getattr(self, f"_{name}") for name in self.profile.weights]
        self._bounds = list(accumulate(self.profile.weights.values()))
        self._not_trading: set[str] = set()
        self._used_ids: list[tuple[str, str]] = []
        self._accounts = [f"account-{number}" for number in range(self.profile.accounts)]

    def __iter__(self) -> Iterator[tuple[str, Command]]:
        return self

    def __next__(self) -> tuple[str, Command]:
        self.made += 1
        rng = self._rng
        self._now += rng.choice(self.profile.steps_ms)
        symbol = self._symbols[int(rng.random() * len(self._symbols))]
        if symbol in self._not_trading and rng.random() < 0.15:
            return self._reopening(symbol)
        make = self._makers[bisect(self._bounds, rng.random() * self._bounds[-1])]
        return make(symbol)  # type: ignore[no-any-return]

    def observe(self, reports: Iterable[ExecutionReport]) -> None:
        """Learn what is open; from the first call on nothing is guessed."""
        if not self._is_observed:
            self._is_observed = True
            self._open = {symbol: OpenOrders() for symbol in self._symbols}
        for report in reports:
            if report["symbol"] in self._open:
                self._open[report["symbol"]].observe(report)

    # --- orders ------------------------------------------------------------------------------

    def _maker(self, symbol: str) -> tuple[str, Command]:
        return "PlaceOrder", self._sent_to(symbol, self._maker_order(symbol))

    def _maker_order(self, symbol: str) -> Command:
        rng, spread = self._rng, self.profile.spread_ticks
        self._middle += (rng.random() - 0.5) * spread / 50
        side = "BUY" if rng.random() < 0.5 else "SELL"
        away = 1 + int(rng.random() ** 2 * spread)
        price = int(self._middle) + (-away if side == "BUY" else away)
        order = self._order(symbol, side, price, self._quantity(symbol))
        if rng.random() < 0.1:
            order["order_type"] = "LIMIT_MAKER"
        elif rng.random() < 0.03:
            order["iceberg_lots"] = 1 + order["quantity_lots"] // (2 + int(rng.random() * 20))
        return order

    def _taker(self, symbol: str) -> tuple[str, Command]:
        rng = self._rng
        side = "BUY" if rng.random() < 0.5 else "SELL"
        through = 1 + int(rng.random() * self.profile.spread_ticks / 4)
        price = int(self._middle) + (through if side == "BUY" else -through)
        order = self._order(symbol, side, price, self._quantity(symbol))
        if rng.random() < 0.5:
            order["time_in_force"] = "IOC" if rng.random() < 0.9 else "FOK"
        else:
            rules = self.profile.instruments[symbol]
            amount = price * order["quantity_lots"] * rules.quote_units_per_tick_lot
            order.update(order_type="MARKET", price_ticks=0, reserved_price_ticks=0)
            order["budget_units"] = amount * 11 // 10 if side == "BUY" else 0
            if rng.random() < 0.1:
                order.update(quantity_lots=0, quote_quantity_units=amount)
        return "PlaceOrder", self._sent_to(symbol, order)

    def _any_order(self, symbol: str) -> tuple[str, Command]:
        return "PlaceOrder", self._sent_to(symbol, self._hostile_order(symbol))

    def _order_list(self, symbol: str) -> tuple[str, Command]:
        """Two legs around the middle; often good, sometimes spoiled on purpose."""
        rng, rules = self._rng, self.profile.instruments[symbol]
        side = rng.choice(("BUY", "SELL"))
        legs = [self._leg(symbol, side, rules, is_above=is_above) for is_above in (True, False)]
        for name in ("quantity_lots", "account_id", "hold_id"):
            if rng.random() > self.profile.spoiled_share / 8:
                legs[1][name] = legs[0][name]
        if rng.random() < 0.5:
            legs.reverse()
        legs = [
            spoil(rng, leg, rules) if rng.random() < self.profile.spoiled_share / 4 else leg
            for leg in legs
        ]
        outer = {**self._outer(symbol), "account_id": legs[0]["account_id"]}
        names = {"list_client_order_id": f"list-{self.made}"}
        first, second = (self._sent_to(symbol, leg) for leg in legs)
        return "PlaceOrderList", {**outer, **names, "first": first, "second": second}

    def _leg(self, symbol: str, side: str, rules: Instrument, *, is_above: bool) -> Command:
        rng = self._rng
        direction = "ANY" if rng.random() < 0.1 else "UP" if is_above else "DOWN"
        leg = self._order(symbol, side, self._price(rules, direction), self._quantity(symbol))
        leg["client_order_id"] += "-above" if is_above else "-below"
        if is_above == (side == "SELL") and rng.random() < 0.7:
            leg["order_type"] = "LIMIT_MAKER"
            return leg
        order_type = "STOP_LOSS" if is_above == (side == "BUY") else "TAKE_PROFIT"
        if rng.random() < 0.6:
            leg["order_type"] = f"{order_type}_LIMIT"
        else:
            budget = self._amount(leg, rules) if side == "BUY" else 0
            leg.update(
                order_type=order_type, price_ticks=0, reserved_price_ticks=0, budget_units=budget
            )
        leg["stop_price_ticks"] = self._price(rules, direction)
        return leg

    def _hostile_order(self, symbol: str) -> Command:
        """Any type with any terms; often good, sometimes spoiled on purpose."""
        rng, rules = self._rng, self.profile.instruments[symbol]
        side = rng.choice(("BUY", "SELL"))
        away = "DOWN" if side == "BUY" else "UP"
        shape = rng.random()
        passive = shape < 0.5 and rng.random() < 0.8
        price = self._price(rules, away if passive else "ANY")
        order = self._order(symbol, side, price, self._quantity(symbol))
        if shape < 0.2:
            self._make_iceberg(order, rules)
        elif shape < 0.3:
            order["order_type"] = "LIMIT_MAKER"
        elif shape < 0.5:
            pass
        elif shape < 0.6:
            order["time_in_force"] = rng.choice(("IOC", "FOK"))
        elif shape < 0.73:
            self._make_stop_limit(order, rules)
        elif shape < 0.83:
            self._make_market(order, rules, rng.choice(("STOP_LOSS", "TAKE_PROFIT")))
        elif shape < 0.95:
            self._make_market(order, rules, "MARKET")
        order["maker_rate_ppm"] = rng.choice((0, 1, 999, 1_500))
        order["taker_rate_ppm"] = rng.choice((0, 3, 1_001, 333_333))
        if rng.random() < self.profile.spoiled_share:
            order = spoil(rng, order, rules)
        if self._used_ids and rng.random() < self.profile.spoiled_share / 8:
            order["account_id"], order["client_order_id"] = rng.choice(self._used_ids[-300:])
        return order

    def _make_iceberg(self, order: Command, rules: Instrument) -> None:
        step = self._step(rules)
        parts = self._rng.randint(2, 5)
        shown = order["quantity_lots"] // parts // step * step
        order["iceberg_lots"] = max(shown, rules.min_quantity_lots, step)

    def _make_stop_limit(self, order: Command, rules: Instrument) -> None:
        rng = self._rng
        order["order_type"] = rng.choice(("STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"))
        order["stop_price_ticks"] = self._stop_price(order, rules)
        order["time_in_force"] = rng.choice(("GTC", "GTC", "IOC", "FOK"))
        if order["time_in_force"] == "GTC" and rng.random() < 0.3:
            self._make_iceberg(order, rules)

    def _make_market(self, order: Command, rules: Instrument, order_type: str) -> None:
        rng = self._rng
        step = rules.market_quantity_step_lots
        if step and rng.random() < 0.8:
            order["quantity_lots"] = step * rng.randint(1, 6)
        amount = self._amount(order, rules)
        order.update(order_type=order_type, price_ticks=0, reserved_price_ticks=0)
        if order_type == "MARKET" and rng.random() < 0.4:
            order["quantity_lots"] = 0
            order["quote_quantity_units"] = amount
            if order["side"] == "SELL":
                amount = self._step(rules) * rules.base_units_per_lot * rng.randint(1, 9)
            order["budget_units"] = rng.choice((0, amount, amount * 2 // 3))
        elif order["side"] == "BUY" or rng.random() < 0.2:
            order["budget_units"] = amount
        if order_type != "MARKET":
            order["stop_price_ticks"] = self._stop_price(order, rules)

    def _amount(self, order: Command, rules: Instrument) -> int:
        """Money for an order; often what a price in the book divides, give or take one unit."""
        rng, level = self._rng, self._open[order["symbol"]].pick(self._rng)
        lots = order["quantity_lots"]
        if rng.random() < 0.2:
            lots = rules.market_quantity_step_lots or self._step(rules)
        price, extra = order["price_ticks"], rng.randint(-50, 50)
        if level and rng.random() < 0.7:
            price, extra = max(1, level.price_ticks), rng.choice((-1, 0, 0, 1))
        amount = price * lots * rules.quote_units_per_tick_lot + extra
        if rng.random() < 0.3:
            amount = amount * rng.randint(30, 150) // 100
        return max(1, min(LARGEST, amount))

    def _order(self, symbol: str, side: str, price: int, quantity: int) -> Command:
        rng, rules = self._rng, self.profile.instruments[symbol]
        modes = self.profile.self_trade_preventions
        return {
            **self._outer(symbol),
            "client_order_id": f"order-{self.made}",
            "side": side,
            "order_type": "LIMIT",
            "time_in_force": "GTC",
            "price_ticks": price,
            "stop_price_ticks": 0,
            "quantity_lots": quantity,
            "quote_quantity_units": 0,
            "iceberg_lots": 0,
            "self_trade_prevention": modes[int(rng.random() * len(modes))],
            "budget_units": 0,
            "reserved_price_ticks": price if side == "BUY" else 0,
            # Two of three are paid.
            "hold_id": f"order-{self.made}" if self.made % 3 else "",
            "maker_rate_ppm": rules.maker_rate_ppm,
            "taker_rate_ppm": rules.taker_rate_ppm,
        }

    def _sent_to(self, symbol: str, order: Command) -> Command:
        if self.profile.spoiled_share:
            self._used_ids.append((order["account_id"], order["client_order_id"]))
        if not self._is_observed:
            self._sent[symbol] += 1
            if order["time_in_force"] == "GTC" and order["order_type"] != "MARKET":
                self._open[symbol].guess(self._sent[symbol], order)
        return order

    # --- about open orders ---------------------------------------------------------------------

    def _cancel(self, symbol: str) -> tuple[str, Command]:
        if len(self._open[symbol]) < self.profile.fewest_open:
            return self._maker(symbol)
        return "CancelOrder", self._cancel_order(symbol)

    def _cancel_order(self, symbol: str) -> Command:
        rng = self._rng
        restriction, hold_id = "NONE", ""
        if rng.random() < self.profile.odd_cancel_share:
            restriction = rng.choice(("ONLY_NEW", "ONLY_PARTIALLY_FILLED"))
            hold_id = rng.choice(("", "", "another-hold"))
        own_id = f"cancel-{self.made}" if rng.random() < 0.5 else ""
        names = {"client_order_id": own_id, "restriction": restriction, "hold_id": hold_id}
        return {**self._aimed(symbol), **names}

    def _cancel_replace(self, symbol: str) -> tuple[str, Command]:
        if len(self._open[symbol]) < self.profile.fewest_open:
            return self._maker(symbol)
        rng = self._rng
        cancel = self._cancel_order(symbol)
        place = self._hostile_order if self.profile.spoiled_share else self._maker_order
        command = {
            **{name: cancel[name] for name in ("command_id", "account_id", "symbol", "time_ms")},
            "mode": "STOP_ON_FAILURE" if rng.random() < 0.5 else "ALLOW_FAILURE",
            "cancel": cancel,
            "place": self._sent_to(symbol, place(symbol)),
        }
        if rng.random() < self.profile.odd_cancel_share:
            nobody = {"command_id": "", "account_id": "nobody", "symbol": "NONE", "time_ms": 0}
            command["cancel"] = {**cancel, **nobody}
            command["place"] = {**command["place"], **nobody}
        return "CancelReplaceOrder", command

    def _amend(self, symbol: str) -> tuple[str, Command]:
        rng = self._rng
        command = self._aimed(symbol)
        known = self._open[symbol].get(command["order_id"])
        step = self._step(self.profile.instruments[symbol])
        quantity = known.quantity_lots if known else 5 * step
        new_quantity = quantity - rng.randint(1, 4) * step
        if known and rng.random() < 0.2:
            new_quantity = known.gone_lots + rng.randint(-1, 1) * step
        elif rng.random() < self.profile.odd_cancel_share:
            new_quantity = rng.choice((0, -1, 1, quantity, quantity + step, quantity - 1, step))
        new_id = rng.choice(("", f"amended-{self.made}"))
        if self._used_ids and rng.random() < self.profile.odd_cancel_share / 2:
            new_id = rng.choice(self._used_ids[-100:])[1]
        return "AmendOrder", {
            **command,
            "client_order_id": new_id,
            "quantity_lots": new_quantity,
        }

    def _aimed(self, symbol: str) -> Command:
        """An account and how it names an order of its own, or misses."""
        rng, known = self._rng, self._open[symbol].pick(self._rng)
        command = {**self._outer(symbol), "order_id": 0, "original_client_order_id": ""}
        if known is None:
            return {**command, "order_id": rng.choice((0, 1, 2**40))}
        if not self._is_observed:
            self._open[symbol].forget(known.order_id)
        command["account_id"] = known.account_id
        by = rng.random()
        if by < 0.8:
            command["order_id"] = known.order_id
        if by > 0.7:
            command["original_client_order_id"] = known.client_order_id
        if rng.random() < self.profile.odd_cancel_share / 2:
            missed = {
                "account_id": rng.choice(self._accounts),
                "order_id": rng.choice((0, -1, known.order_id + 1, 2**40)),
                "original_client_order_id": rng.choice(("", "order-1", "nonsense")),
            }
            name = rng.choice(list(missed))
            command[name] = missed[name]
        return command

    # --- the rest ------------------------------------------------------------------------------

    def _symbol_status(self, symbol: str) -> tuple[str, Command]:
        self._not_trading.add(symbol)
        status = self._rng.choice(("HALT", "CANCEL_ONLY"))
        return "SetSymbolStatus", {**self._outer(symbol), "status": status}

    def _reopening(self, symbol: str) -> tuple[str, Command]:
        """Soon after it stopped, or little else would be tested."""
        self._not_trading.discard(symbol)
        return "SetSymbolStatus", {**self._outer(symbol), "status": "TRADING"}

    def _tick(self, symbol: str) -> tuple[str, Command]:
        """Now and then exactly a day later, when what closed just now is forgotten."""
        if self._rng.random() < 0.3:
            self._now += self._rng.choice((50_000_000, DAY_MS - 1, DAY_MS))
        return "Tick", {"time_ms": self._now}

    def _unknown_symbol(self, symbol: str) -> tuple[str, Command]:
        orders = (self._any_order, self._order_list, self._cancel, self._cancel_replace)
        kind, command = self._rng.choice((*orders, self._amend, self._symbol_status))(symbol)
        return kind, {**command, "symbol": "NOWHERE"}

    def _outer(self, symbol: str) -> Command:
        return {
            "command_id": f"{self.seed}-{self.made}",
            "account_id": self._accounts[int(self._rng.random() * len(self._accounts))],
            "symbol": symbol,
            "time_ms": self._time(),
        }

    def _time(self) -> int:
        if self.profile.late_share and self._rng.random() < self.profile.late_share:
            return self._now - self._rng.randint(1, 100_000)
        return self._now

    def _step(self, rules: Instrument) -> int:
        return rules.quantity_step_lots or 1

    def _quantity(self, symbol: str) -> int:
        step = self._step(self.profile.instruments[symbol])
        return step * (1 + int(self._rng.random() * self.profile.largest_quantity))

    def _price(self, rules: Instrument, direction: str = "ANY") -> int:
        low = 0 if direction == "UP" else -self.profile.spread_ticks
        high = 0 if direction == "DOWN" else self.profile.spread_ticks
        price = int(self._middle) + self._rng.randint(low, high)
        grid = rules.price_step_ticks or 1
        return price // grid * grid

    def _stop_price(self, order: Command, rules: Instrument) -> int:
        """Mostly one that the price has yet to reach."""
        rises = (order["side"] == "BUY") == order["order_type"].startswith("STOP_LOSS")
        direction = "UP" if rises else "DOWN"
        return self._price(rules, direction if self._rng.random() < 0.8 else "ANY")
