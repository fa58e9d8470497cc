"""How much a taker can take at a price, where money and not only quantity bounds it."""

from streams.domain.order import Order
from streams.domain.order_kinds import MARKET_KINDS
from streams.domain.quick_admission import LARGEST_AMOUNT
from streams.domain.symbol_state import SymbolState


def is_bound_by_money(order: Order) -> bool:
    """Whether a budget or a quote quantity limits what the order takes."""
    return order.quote_quantity_units != 0 or (
        order.side == "BUY" and order.order_type in MARKET_KINDS
    )


def affordable_lots(state: SymbolState, money_units: int, price_ticks: int) -> int:
    """What so much of the quote asset pays for at a price: whole steps only."""
    lots = money_units // (price_ticks * state.quote_units_per_tick_lot)
    return lots - lots % state.market_step_lots


def capacity_by_money(state: SymbolState, order: Order, price_ticks: int) -> int:
    """What an order that is bound by money can take at a price, in lots."""
    if order.quote_quantity_units:
        lots = affordable_lots(state, remaining_quote_units(order), price_ticks)
        return lots if order.side == "BUY" else min(lots, deliverable_lots(state, order))
    money = order.budget_units - order.cumulative_quote_units
    return min(order.leaves_lots, affordable_lots(state, money, price_ticks))


def deliverable_lots(state: SymbolState, order: Order) -> int:
    """What the budget of a sell by quote quantity, in base units, still delivers: whole steps."""
    if not order.budget_units:
        return LARGEST_AMOUNT
    lots = order.budget_units // state.base_units_per_lot - order.cumulative_quantity_lots
    return lots - lots % state.market_step_lots


def is_quote_used_up(state: SymbolState, order: Order, price_ticks: int) -> bool:
    """Whether what is left of a quote quantity buys or asks for less than one step."""
    one_step = price_ticks * state.quote_units_per_tick_lot * state.market_step_lots
    return remaining_quote_units(order) < one_step


def remaining_quote_units(order: Order) -> int:
    """What is left of the quote quantity of an order, or of its budget where that is less."""
    quote = order.quote_quantity_units
    if order.side == "BUY" and 0 < order.budget_units < quote:
        quote = order.budget_units
    return quote - order.cumulative_quote_units - order.prevented_quote_units
