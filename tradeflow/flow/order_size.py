"""How large the flow's orders are: small ones as often as large ones, all within the filters."""

from math import exp, log
from random import Random

from schemas.instruments import Instrument

# Orders are worth between 2 and 400 times the least notional, each magnitude alike.
_NOTIONAL_MIN, _NOTIONAL_MAX = 2, 400
_DEFAULT_LOTS = (1, 1_000)


class OrderSize:
    """Quantities of one instrument, in lots, at prices in ticks."""

    def __init__(self, instrument: Instrument) -> None:
        self._rules = instrument

    def draw(self, price_ticks: int, random: Random) -> int:
        """A quantity that the filters let through at the price."""
        low, high = self._reach(price_ticks)
        return self._fitted(int(exp(random.uniform(log(low), log(high)))))

    def worth(self, times: float, price_ticks: int) -> int:
        """The quantity that is worth so many times the least notional at the price."""
        rules = self._rules
        lot_units = price_ticks * rules.quote_units_per_tick_lot
        if not rules.min_notional_units:
            return self._fitted(int(times))
        return self._fitted(int(times * rules.min_notional_units / lot_units))

    def largest(self, price_ticks: int) -> int:
        """The largest quantity that is drawn at the price."""
        return self._fitted(self._reach(price_ticks)[1])

    def is_small(self, price_ticks: int, lots: int) -> bool:
        """Whether the filters let so little not through."""
        notional = price_ticks * lots * self._rules.quote_units_per_tick_lot
        return notional < self._rules.min_notional_units or lots < self._rules.min_quantity_lots

    def _reach(self, price_ticks: int) -> tuple[int, int]:
        rules = self._rules
        lot_units = price_ticks * rules.quote_units_per_tick_lot
        low, high = _DEFAULT_LOTS
        if rules.min_notional_units:
            low = -(-_NOTIONAL_MIN * rules.min_notional_units // lot_units)
            high = _NOTIONAL_MAX * rules.min_notional_units // lot_units
        if rules.max_notional_units:
            high = min(high, rules.max_notional_units // lot_units)
        return max(low, 1), max(high, low, 1)

    def _fitted(self, lots: int) -> int:
        rules = self._rules
        step = max(rules.quantity_step_lots, 1)
        most = min(
            bound or lots for bound in (rules.max_quantity_lots, rules.market_max_quantity_lots)
        )
        least = max(rules.min_quantity_lots, rules.market_min_quantity_lots, step)
        return max(min(lots, most), least) // step * step
