"""Matching one taker: one loop for both sides, all types and all times in force."""

from typing import Final

from schemas.enums import ExpiryReason
from streams.domain.average_price import MINUTE_MS
from streams.domain.book_side import BookSide
from streams.domain.capacity import capacity_by_money, is_bound_by_money, is_quote_used_up
from streams.domain.events import TradeEvent
from streams.domain.fill_or_kill import can_fill_completely
from streams.domain.order import Order
from streams.domain.order_kinds import MARKET_KINDS
from streams.domain.order_list_end import touch
from streams.domain.price_level import PriceLevel
from streams.domain.quick_admission import PPM
from streams.domain.reports import report_order
from streams.domain.self_trade import prevent
from streams.domain.symbol_state import SymbolState

_ANY_PRICE: Final = -(2**63)
"""A key that every level's key exceeds."""


def execute(state: SymbolState, order: Order) -> None:
    """Match a working order, then let what is left rest or expire."""
    is_market = order.order_type in MARKET_KINDS
    if order.side == "BUY":
        side = state.book.asks
        limit_key = _ANY_PRICE if is_market else -order.price_ticks
    else:
        side = state.book.bids
        limit_key = _ANY_PRICE if is_market else order.price_ticks
    if order.time_in_force == "FOK" and not can_fill_completely(side, order, limit_key):
        _expire(state, order, "UNFILLED_FOK_ORDER_EXPIRED")
        return
    keys = side.keys
    rest: ExpiryReason = "INSUFFICIENT_LIQUIDITY"
    if keys and keys[-1] >= limit_key:
        rest = _match(state, order, side, limit_key)
        if rest == "NONE":
            return
    if is_market:
        _expire(state, order, rest)
    elif order.time_in_force == "GTC":
        _rest(state, order)
    else:
        _expire(state, order, "UNFILLED_IOC_QUANTITY_EXPIRED")


def _match(state: SymbolState, taker: Order, side: BookSide, limit_key: int) -> ExpiryReason:
    """Walk the opposite side; NONE when the taker has ended, else why a rest would expire."""
    keys = side.keys
    levels = side.levels
    by_money = is_bound_by_money(taker)
    may_self_trade = taker.self_trade_prevention == "NONE"
    while keys and keys[-1] >= limit_key:
        level = levels[keys[-1]]
        maker = level.first
        assert maker is not None
        if by_money:
            capacity = capacity_by_money(state, taker, level.price_ticks)
            if not capacity:
                return "BUDGET_EXHAUSTED"
        else:
            capacity = taker.leaves_lots
        if may_self_trade or maker.account_id != taker.account_id:
            has_ended = _fill(state, side, level, maker, taker, capacity)
        else:
            has_ended = prevent(state, maker, taker)
        if has_ended:
            return "NONE"
    return "INSUFFICIENT_LIQUIDITY"


def _fill(
    state: SymbolState,
    side: BookSide,
    level: PriceLevel,
    maker: Order,
    taker: Order,
    capacity: int,
) -> bool:
    """Trade at the maker's price; True when the taker has ended."""
    if maker.sibling is not None:
        touch(state, maker)
    lots = min(capacity, maker.visible_lots)
    price = level.price_ticks
    quote = price * lots * state.quote_units_per_tick_lot
    state.last_trade_id += 1
    state.last_price_ticks = price
    state.average_price.add(state.time_ms // MINUTE_MS, lots, price)
    maker.cumulative_quantity_lots += lots
    maker.cumulative_quote_units += quote
    maker.leaves_lots -= lots
    maker.visible_lots -= lots
    level.visible_lots -= lots
    side.touch(level)
    taker.cumulative_quantity_lots += lots
    taker.cumulative_quote_units += quote
    if taker.quote_quantity_units:
        has_ended = is_quote_used_up(state, taker, price)
    else:
        taker.leaves_lots -= lots
        has_ended = not taker.leaves_lots
    _report_trade(state, maker, taker, lots, quote, has_ended)
    if not maker.leaves_lots:
        state.book.remove(maker)
        state.close(maker)
    else:
        state.book.changed[maker.order_id] = maker
        if not maker.visible_lots:
            _replenish(state, level, maker)
    if has_ended:
        state.close(taker)
    return has_ended


def _report_trade(
    state: SymbolState,
    maker: Order,
    taker: Order,
    lots: int,
    quote: int,
    has_ended: bool,
) -> None:
    """The maker's report, the taker's, and the trade."""
    price = maker.price_ticks
    trade_id = state.last_trade_id
    base = lots * state.base_units_per_lot
    if maker.side == "BUY":
        buyer, seller, maker_receives, taker_receives = maker, taker, base, quote
    else:
        buyer, seller, maker_receives, taker_receives = taker, maker, quote, base
    report = report_order(
        state, maker, "TRADE", "PARTIALLY_FILLED" if maker.leaves_lots else "FILLED"
    )
    report.last_price_ticks = price
    report.last_quantity_lots = lots
    report.last_quote_units = quote
    report.trade_id = trade_id
    report.counter_order_id = taker.order_id
    report.role = "MAKER"
    report.commission_units = maker_receives * maker.maker_rate_ppm // PPM
    report.commission_rate_ppm = maker.maker_rate_ppm
    report = report_order(state, taker, "TRADE", "FILLED" if has_ended else "PARTIALLY_FILLED")
    report.last_price_ticks = price
    report.last_quantity_lots = lots
    report.last_quote_units = quote
    report.trade_id = trade_id
    report.counter_order_id = maker.order_id
    report.role = "TAKER"
    report.commission_units = taker_receives * taker.taker_rate_ppm // PPM
    report.commission_rate_ppm = taker.taker_rate_ppm
    state.trades.append(
        TradeEvent(
            trade_id,
            state.symbol,
            price,
            lots,
            quote,
            buyer.order_id,
            seller.order_id,
            buyer is maker,
            state.command_id,
            state.time_ms,
        )
    )


def _replenish(state: SymbolState, level: PriceLevel, maker: Order) -> None:
    """Show the next part of an iceberg, at the end of its level."""
    level.remove(maker)
    state.last_priority += 1
    maker.priority = state.last_priority
    maker.visible_lots = min(maker.iceberg_lots, maker.leaves_lots)
    level.append(maker)


def _rest(state: SymbolState, order: Order) -> None:
    state.last_priority += 1
    order.priority = state.last_priority
    leaves = order.leaves_lots
    iceberg = order.iceberg_lots
    order.visible_lots = iceberg if 0 < iceberg < leaves else leaves
    state.book.rest(order)


def _expire(state: SymbolState, order: Order, reason: ExpiryReason) -> None:
    state.close(order)
    report_order(state, order, "EXPIRED", "EXPIRED").expiry_reason = reason
