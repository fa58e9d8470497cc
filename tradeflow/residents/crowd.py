"""Those who trade with the makers on one symbol: small, hasty, and now and then patient; pure."""

from collections.abc import Iterable, Sequence
from random import Random

from schemas.enums import Side
from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from streams.domain.order import Order
from tradeflow.flow.order_records import (
    Command,
    add_budget,
    cancellation,
    limit_order,
    market_order,
)
from tradeflow.flow.order_size import OrderSize
from tradeflow.flow.own_orders import OwnOrders
from tradeflow.flow.price_walk import on_grid
from tradeflow.residents.worth import lean

PREFIX = "crowd-"

_PATIENT_PART = 0.35
_RESTING_MAX = 12
_REACH_STEPS = 12
_LEAN_STEPS = 30.0
_LEAST_NOTIONALS = (2.0, 60.0)


class Crowd:
    """Makes one order after another; who knows the worth buys what is cheap."""

    def __init__(
        self,
        rules: Instrument,
        random: Random,
        accounts: Sequence[str],
        *,
        step_ticks: int,
        known: Iterable[Order] = (),
    ) -> None:
        self._rules = rules
        self._random = random
        self._accounts = accounts
        self._step_ticks = step_ticks
        self._size = OrderSize(rules)
        self._own = OwnOrders(PREFIX, known)
        self._resting_max = min(_RESTING_MAX, rules.max_num_orders or _RESTING_MAX)

    def __len__(self) -> int:
        return len(self._own.open)

    def note(self, report: ExecutionReport) -> None:
        """Take a report on an order of this symbol in."""
        self._own.note(report)

    def forget(self, name: str) -> None:
        """Wait no more for what a command does."""
        self._own.forget(name)

    def act(self, name: str, time_ms: int, fair_ticks: float, worth_ticks: float) -> Command:
        """What somebody does now."""
        likely = lean(worth_ticks, fair_ticks, _LEAN_STEPS * self._step_ticks)
        side: Side = "BUY" if self._random.random() < likely else "SELL"
        account = self._random.choice(self._accounts)
        if self._random.random() >= _PATIENT_PART:
            return self._take(name, account, time_ms, side, fair_ticks)
        if self._own.size < self._resting_max or not self._own.open.has_free:
            return self._rest(name, account, time_ms, side, fair_ticks)
        order = self._own.open.draw(self._random, int(fair_ticks))
        self._own.changing[name] = order.order_id
        return "CancelOrder", cancellation(self._rules, name, order, time_ms)

    def largest_order(self, price_ticks: float) -> tuple[int, int]:
        """What the largest order may hold: base and quote, in minor units."""
        lots = self._size.worth(_LEAST_NOTIONALS[1], max(int(price_ticks), 1))
        units = int(price_ticks * 1.2) * lots * self._rules.quote_units_per_tick_lot
        return lots * self._rules.base_units_per_lot, units

    def _take(
        self, name: str, account: str, time_ms: int, side: Side, fair_ticks: float
    ) -> Command:
        lots = self._lots(fair_ticks)
        draw = self._random.random()
        if draw < 0.5:
            reach = _REACH_STEPS * self._step_ticks
            worst = int(fair_ticks) + (reach if side == "BUY" else -reach)
            price = on_grid(worst, self._rules)
            order = limit_order(self._rules, name, account, time_ms, side, lots, price)
            order["time_in_force"] = "IOC"
        else:
            order = market_order(self._rules, name, account, time_ms, side, lots)
            add_budget(order, self._rules, int(fair_ticks), by_quote=draw > 0.85)
        return "PlaceOrder", dict(order)

    def _rest(
        self, name: str, account: str, time_ms: int, side: Side, fair_ticks: float
    ) -> Command:
        away = 1 + int(self._random.expovariate(1 / (3 * self._step_ticks)))
        price = on_grid(int(fair_ticks) + (-away if side == "BUY" else away), self._rules)
        lots = self._lots(fair_ticks)
        self._own.coming.add(name)
        order = limit_order(self._rules, name, account, time_ms, side, lots, price)
        order["order_type"] = "LIMIT_MAKER"
        return "PlaceOrder", dict(order)

    def _lots(self, price_ticks: float) -> int:
        low, high = _LEAST_NOTIONALS
        times = low * (high / low) ** self._random.random()
        return self._size.worth(times, max(int(price_ticks), 1))
