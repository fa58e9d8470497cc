"""A short way in for the commonest order: a plain LIMIT GTC with nothing wrong about it.

It must never let in what ``admission`` would refuse; whatever looks odd goes there.  The bounds of
several checks are folded into a few ranges, once for an instrument and again when the reference
price moves.
"""

from typing import TYPE_CHECKING

from schemas.instruments import Instrument
from streams.domain.order import Order

if TYPE_CHECKING:
    from streams.domain.account_orders import AccountOrders
    from streams.domain.symbol_state import SymbolState

PPM = 1_000_000
LARGEST_AMOUNT = 2**63 - 1
"""Amounts are 64-bit integers."""


class QuickAdmission:
    """Ranges in which a price, a quantity and their product pass all checks."""

    __slots__ = (
        "_instrument",
        "lowest_bid_ticks",
        "highest_bid_ticks",
        "lowest_ask_ticks",
        "highest_ask_ticks",
        "price_step_ticks",
        "least_lots",
        "most_lots",
        "step_lots",
        "least_tick_lots",
        "most_tick_lots",
        "most_orders",
    )

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self.price_step_ticks = instrument.price_step_ticks or 1
        self.step_lots = instrument.quantity_step_lots or 1
        units = instrument.quote_units_per_tick_lot
        self.least_lots = max(instrument.min_quantity_lots, 1)
        self.most_lots = min(
            instrument.max_quantity_lots or LARGEST_AMOUNT,
            LARGEST_AMOUNT // instrument.base_units_per_lot,
            LARGEST_AMOUNT // (max(instrument.max_price_ticks, 1) * units),
        )
        self.least_tick_lots = -(-instrument.min_notional_units // units)
        most_units = min(instrument.max_notional_units or LARGEST_AMOUNT, LARGEST_AMOUNT)
        self.most_tick_lots = most_units // units
        self.most_orders = instrument.max_num_orders or LARGEST_AMOUNT
        self._refer_to(0)

    def accepts(self, state: "SymbolState", order: Order, account: "AccountOrders | None") -> bool:
        """Whether this is a plain order that passes; False says only: look closer."""
        if state.time_ms >= state.average_price.reference_until_ms:
            self._refer_to(state.reference_price())
        price = order.price_ticks
        quantity = order.quantity_lots
        return (
            order.is_plain
            and order.order_type == "LIMIT"
            and order.time_in_force == "GTC"
            and (
                self.lowest_bid_ticks <= price <= self.highest_bid_ticks
                if order.side == "BUY"
                else order.side == "SELL"
                and self.lowest_ask_ticks <= price <= self.highest_ask_ticks
            )
            and self.least_lots <= quantity <= self.most_lots
            and self.least_tick_lots <= price * quantity <= self.most_tick_lots
            and not price % self.price_step_ticks
            and not quantity % self.step_lots
            and order.reserved_price_ticks >= 0
            and 0 <= order.maker_rate_ppm <= PPM
            and 0 <= order.taker_rate_ppm <= PPM
            and order.client_order_id != ""
            and state.status == "TRADING"
            and (
                account is None
                or (
                    account.open_count < self.most_orders
                    and order.client_order_id not in account.client_ids
                )
            )
        )

    def _refer_to(self, reference_ticks: int) -> None:
        rules = self._instrument
        low = max(rules.min_price_ticks, 1)
        high = rules.max_price_ticks or LARGEST_AMOUNT
        self.lowest_bid_ticks = max(low, _at_least(reference_ticks, rules.bid_multiplier_down_ppm))
        self.highest_bid_ticks = min(high, _at_most(reference_ticks, rules.bid_multiplier_up_ppm))
        self.lowest_ask_ticks = max(low, _at_least(reference_ticks, rules.ask_multiplier_down_ppm))
        self.highest_ask_ticks = min(high, _at_most(reference_ticks, rules.ask_multiplier_up_ppm))


def _at_least(reference_ticks: int, multiplier_ppm: int) -> int:
    return -(-reference_ticks * multiplier_ppm // PPM)


def _at_most(reference_ticks: int, multiplier_ppm: int) -> int:
    if not reference_ticks or not multiplier_ppm:
        return LARGEST_AMOUNT
    return reference_ticks * multiplier_ppm // PPM
