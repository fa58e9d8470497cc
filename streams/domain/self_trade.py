"""Self-trade prevention: what happens where a taker meets an order of its own account."""

from streams.domain.capacity import affordable_lots, is_quote_used_up, remaining_quote_units
from streams.domain.order import Order
from streams.domain.order_list_end import touch
from streams.domain.reports import report_order
from streams.domain.symbol_state import SymbolState


def prevent(state: SymbolState, maker: Order, taker: Order) -> bool:
    """Act by the taker's mode; True when the taker has ended.

    An order is never passed over: a rest that skipped its own side's orders could cross the book.
    """
    mode = taker.self_trade_prevention
    price = maker.price_ticks
    if maker.sibling is not None and mode != "EXPIRE_TAKER":
        touch(state, maker)
    if mode == "DECREMENT":
        return _decrement(state, maker, taker, min(maker.leaves_lots, _most(state, taker, price)))
    if mode in ("EXPIRE_MAKER", "EXPIRE_BOTH"):
        maker.prevented_quantity_lots += maker.leaves_lots
        _end_maker(state, maker)
        _report(state, maker, taker, price, has_ended=True)
    if mode == "EXPIRE_MAKER":
        return False
    taker.prevented_quantity_lots += taker.leaves_lots
    state.close(taker)
    _report(state, taker, maker, price, has_ended=True)
    return True


def _most(state: SymbolState, taker: Order, price: int) -> int:
    """What is left of the taker, by money only where its quantity is money.

    Nothing is paid, so a budget is no bound: a small one would make endless small steps.
    """
    if not taker.quote_quantity_units:
        return taker.leaves_lots
    return affordable_lots(state, remaining_quote_units(taker), price)


def _decrement(state: SymbolState, maker: Order, taker: Order, lots: int) -> bool:
    """Take the same quantity off both, as if they had traded."""
    price = maker.price_ticks
    maker.prevented_quantity_lots += lots
    maker.leaves_lots -= lots
    has_maker_ended = not maker.leaves_lots
    if has_maker_ended:
        _end_maker(state, maker)
    else:
        _show_no_more_than_leaves(state, maker)
    taker.prevented_quantity_lots += lots
    if taker.quote_quantity_units:
        taker.prevented_quote_units += price * lots * state.quote_units_per_tick_lot
        has_taker_ended = is_quote_used_up(state, taker, price)
    else:
        taker.leaves_lots -= lots
        has_taker_ended = not taker.leaves_lots
    if has_taker_ended:
        state.close(taker)
    _report(state, maker, taker, price, has_ended=has_maker_ended)
    _report(state, taker, maker, price, has_ended=has_taker_ended)
    return has_taker_ended


def _show_no_more_than_leaves(state: SymbolState, maker: Order) -> None:
    state.book.show_less(maker, min(maker.visible_lots, maker.leaves_lots))


def _end_maker(state: SymbolState, maker: Order) -> None:
    state.book.remove(maker)
    state.close(maker)


def _report(
    state: SymbolState, order: Order, counter: Order, price: int, *, has_ended: bool
) -> None:
    status = "EXPIRED_IN_MATCH" if has_ended else order.open_status
    report = report_order(state, order, "TRADE_PREVENTION", status)
    report.last_price_ticks = price
    report.counter_order_id = counter.order_id
