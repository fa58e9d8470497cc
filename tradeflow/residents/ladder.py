"""One maker's quotes on one symbol: a step of the ladder for each price near the fair one; pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from random import Random

from schemas.enums import Side
from schemas.instruments import Instrument
from schemas.records import ExecutionReport, PlaceOrder
from streams.domain.order import Order
from tradeflow.flow.open_orders import OpenOrder
from tradeflow.flow.order_records import Command, cancellation, limit_order, replacement
from tradeflow.flow.order_size import OrderSize
from tradeflow.flow.own_orders import OwnOrders

STEPS = 30
"""Quotes a side; a reader of a book looks at 20."""

_STEP_PART = 20_000
"""A step is this part of the reference, half a basis point, and a tick at least."""
_LEAST_NOTIONALS = 120
"""What a quote is worth at the touch, in least notionals; farther away it is more."""
_DEEPER = 0.05
_IMPACT_STEPS = 0.4
"""How far a quote that is taken wholly moves the fair price."""
_TRUST = 0.02
"""What part of the way to the worth the fair price goes by itself, each time it is looked at."""
_HESITATION = 0.2
"""So far beyond the middle of a step, in steps, the fair price must be to move the ladder."""
_CHANGES_MAX = 6

_Place = tuple[Side, int]


class Ladder:
    """Keeps 30 quotes a side in the book, moves with what is traded, and never for nothing.

    Prices are whole steps, so that a fair price that moves by one changes two quotes of sixty and
    the others keep their priority.
    """

    def __init__(
        self,
        rules: Instrument,
        random: Random,
        account_id: str,
        *,
        reference_ticks: int,
        start_ticks: int,
        known: Iterable[Order] = (),
    ) -> None:
        self.account_id = account_id
        grid = max(rules.price_step_ticks, 1)
        self.step_ticks = max(reference_ticks // _STEP_PART // grid, 1) * grid
        self.fair_ticks = float(start_ticks)
        self._rules = rules
        self._random = random
        self._size = OrderSize(rules)
        self._own = OwnOrders(account_id, known)
        self._coming: dict[str, _Place] = {}
        self._middle = round(start_ticks / self.step_ticks)
        # Where an account may have but few orders, a quote that is replaced counts twice.
        most = rules.max_num_orders or 2 * STEPS + 2
        self.steps = max(1, min(STEPS, most // 2 - 1))
        """Quotes a side."""

    def __len__(self) -> int:
        return len(self._own.open)

    def note(self, report: ExecutionReport) -> None:
        """Take a report on an order of this symbol in, whosever it is."""
        self._own.note(report)
        if not self._own.is_own(report):
            return
        if report["role"] != "MAKER":
            self._coming.pop(report["command_id"], None)
        if report["execution_type"] == "TRADE":
            part = report["last_quantity_lots"] / self._lots_at_touch()
            moved = _IMPACT_STEPS * self.step_ticks * min(part, 5.0)
            self.fair_ticks += moved if report["side"] == "SELL" else -moved

    def forget(self, name: str) -> None:
        """Wait no more for what a command does."""
        self._coming.pop(name, None)
        self._own.forget(name)

    def changes(self, names: Iterator[str], time_ms: int, worth_ticks: float) -> list[Command]:
        """What is to be sent now, and counts as sent; a handful at most, the nearest first."""
        self.fair_ticks += _TRUST * (worth_ticks - self.fair_ticks)
        position = self.fair_ticks / self.step_ticks
        if abs(position - self._middle) > 0.5 + _HESITATION:
            self._middle = round(position)
        if len(self) + len(self._coming) < self.steps:
            return self.all_missing(names, time_ms)
        found: list[Command] = []
        sides: tuple[Side, Side] = ("BUY", "SELL")
        for side in sides if self._random.random() < 0.5 else sides[::-1]:
            found += self._changes_of(side, names, time_ms, _CHANGES_MAX // 2)
        return found

    def all_missing(self, names: Iterator[str], time_ms: int) -> list[Command]:
        """Every quote that is not there: for a book that is empty."""
        sides: tuple[Side, Side] = ("BUY", "SELL")
        return [
            change
            for side in sides
            for change in self._changes_of(side, names, time_ms, 2 * self.steps)
        ]

    def largest_quote(self) -> tuple[int, int]:
        """What the largest quote may hold: base and quote, in minor units."""
        lots = self._lots(STEPS, self.fair_ticks, 1.5)
        units = int(self.fair_ticks * 1.1) * lots * self._rules.quote_units_per_tick_lot
        return lots * self._rules.base_units_per_lot, units

    # ----------------------------------------------------------------------------------------------

    def _changes_of(
        self, side: Side, names: Iterator[str], time_ms: int, most: int
    ) -> Iterator[Command]:
        wanted = self._wanted(side)
        there = {order.price_ticks for order in self._of(side)}
        there |= {price for coming, price in self._coming.values() if coming == side}
        missing = deque(price for price in wanted if price not in there)
        surplus = self._surplus(side, frozenset(wanted))
        for _ in range(most):
            if surplus:
                old = surplus.popleft()
                name = next(names)
                self._own.open.take(old)
                self._own.changing[name] = old.order_id
                if missing:
                    place = self._quote(side, missing.popleft(), name, time_ms)
                    yield replacement(self._rules, name, old, place, time_ms)
                else:
                    yield "CancelOrder", cancellation(self._rules, name, old, time_ms)
            elif missing:
                name = next(names)
                yield "PlaceOrder", dict(self._quote(side, missing.popleft(), name, time_ms))

    def _wanted(self, side: Side) -> list[int]:
        """The prices of a side, the nearest first; within the filters of the symbol."""
        if side == "BUY":
            steps = range(self._middle - 1, self._middle - 1 - self.steps, -1)
        else:
            steps = range(self._middle + 1, self._middle + 1 + self.steps)
        lowest = max(self._rules.min_price_ticks, self.step_ticks)
        highest = self._rules.max_price_ticks or steps[-1] * self.step_ticks
        return [
            step * self.step_ticks for step in steps if lowest <= step * self.step_ticks <= highest
        ]

    def _of(self, side: Side) -> list[OpenOrder]:
        return [order for order in self._own.open if order.side == side]

    def _surplus(self, side: Side, wanted: frozenset[int]) -> deque[OpenOrder]:
        """Quotes where none is wanted, and a second one at a price; the dearest to lose first."""
        seen: set[int] = set()
        surplus = []
        for order in self._of(side):
            if order.price_ticks not in wanted or order.price_ticks in seen:
                surplus.append(order)
            seen.add(order.price_ticks)
        surplus = [order for order in surplus if self._own.open.is_free(order.order_id)]
        surplus.sort(key=lambda order: order.price_ticks, reverse=side == "BUY")
        return deque(surplus)

    def _quote(self, side: Side, price_ticks: int, name: str, time_ms: int) -> PlaceOrder:
        away = abs(price_ticks // self.step_ticks - self._middle)
        lots = self._lots(away, price_ticks, self._random.uniform(0.5, 1.5))
        self._own.coming.add(name)
        self._coming[name] = side, price_ticks
        account = self.account_id
        return limit_order(self._rules, name, account, time_ms, side, lots, price_ticks)

    def _lots_at_touch(self) -> int:
        return self._lots(1, self.fair_ticks, 1.0)

    def _lots(self, away: int, price_ticks: float, factor: float) -> int:
        times = _LEAST_NOTIONALS * factor * (1 + _DEEPER * away)
        return self._size.worth(times, max(int(price_ticks), 1))
