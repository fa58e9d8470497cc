"""A short way in for the commonest orders: plain LIMIT and LIMIT_MAKER, and MARKET by quantity.

It must never let in what ``admission`` would refuse; whatever looks odd goes there.  The bounds of
several checks are folded into a few ranges, once for an instrument and again when the reference
price moves.
"""

from typing import TYPE_CHECKING, Final

from schemas.instruments import Instrument
from streams.domain.average_price import MINUTE_MS
from streams.domain.order import Order

if TYPE_CHECKING:
    from streams.domain.account_orders import AccountOrders
    from streams.domain.symbol_state import SymbolState

PPM: Final = 1_000_000
LARGEST_AMOUNT: Final = 2**63 - 1
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
        "reference_ticks",
        "least_market_lots",
        "most_market_lots",
        "market_step_lots",
        "market_step_units",
        "least_market_tick_lots",
        "most_market_tick_lots",
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
        self.least_market_lots = instrument.market_min_quantity_lots
        self.most_market_lots = instrument.market_max_quantity_lots or LARGEST_AMOUNT
        self.market_step_lots = instrument.market_quantity_step_lots or 1
        # What one step costs for each tick of its price: a budget must reach that.
        self.market_step_units = units * (instrument.market_quantity_step_lots or self.step_lots)
        self.least_market_tick_lots = (
            self.least_tick_lots if instrument.apply_min_notional_to_market else 0
        )
        self.most_market_tick_lots = (
            self.most_tick_lots if instrument.apply_max_notional_to_market else LARGEST_AMOUNT
        )
        self._refer_to(0)

    def accepts(self, state: "SymbolState", order: Order, account: "AccountOrders | None") -> bool:
        """Whether this is a common order that passes; False says only: look closer."""
        quantity = order.quantity_lots
        return (
            (
                order.time_in_force != "NONE" and self._is_price_fine(state, order)
                if order.is_plain and order.order_type == "LIMIT"
                else order.time_in_force == "GTC" and self._is_other_kind_fine(state, order)
            )
            and self.least_lots <= quantity <= self.most_lots
            and not quantity % self.step_lots
            and (
                order.reserved_price_ticks == order.price_ticks
                or (not order.reserved_price_ticks and (order.side == "SELL" or not order.hold_id))
            )
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

    def _is_price_fine(self, state: "SymbolState", order: Order) -> bool:
        if state.time_ms >= state.average_price.known_until_ms:
            self._refresh(state)
        price = order.price_ticks
        return (
            (
                self.lowest_bid_ticks <= price <= self.highest_bid_ticks
                if order.side == "BUY"
                else order.side == "SELL"
                and self.lowest_ask_ticks <= price <= self.highest_ask_ticks
            )
            and self.least_tick_lots <= price * order.quantity_lots <= self.most_tick_lots
            and not price % self.price_step_ticks
        )

    def _is_other_kind_fine(self, state: "SymbolState", order: Order) -> bool:
        if order.order_type == "MARKET":
            return self._is_market_fine(state, order)
        if order.order_type != "LIMIT_MAKER" or not order.is_plain:
            return False
        if order.side == "BUY":
            would_match = state.book.asks.is_marketable(-order.price_ticks)
        else:
            would_match = state.book.bids.is_marketable(order.price_ticks)
        return not would_match and self._is_price_fine(state, order)

    def _is_market_fine(self, state: "SymbolState", order: Order) -> bool:
        if (
            order.price_ticks
            or order.stop_price_ticks
            or order.quote_quantity_units
            or order.iceberg_lots
            or order.budget_units < 0
        ):
            return False
        if state.time_ms >= state.average_price.known_until_ms:
            self._refresh(state)
        if order.side == "BUY":
            keys = state.book.asks.keys
            if not keys or order.budget_units < -keys[-1] * self.market_step_units:
                return False
        elif order.side != "SELL" or not state.book.bids.keys:
            return False
        quantity = order.quantity_lots
        return (
            self.least_market_lots <= quantity <= self.most_market_lots
            and not quantity % self.market_step_lots
            and self.least_market_tick_lots
            <= self.reference_ticks * quantity
            <= self.most_market_tick_lots
        )

    def _refresh(self, state: "SymbolState") -> None:
        reference_ticks = state.reference_price()
        # Most trades leave the average where it was.
        if reference_ticks != self.reference_ticks:
            self._refer_to(reference_ticks)
        state.average_price.known_until_ms = (state.time_ms // MINUTE_MS + 1) * MINUTE_MS

    def _refer_to(self, reference_ticks: int) -> None:
        rules = self._instrument
        self.reference_ticks = reference_ticks
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
