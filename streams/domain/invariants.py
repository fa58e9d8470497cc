"""What must hold of a market between two commands, whatever came before.

A violation is a value: who finds one decides whether to stop, to alert or to fail a test.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from schemas.records import ExecutionReport
from streams.domain.account_orders import ClosedOrder
from streams.domain.book_side import BookSide
from streams.domain.closed_orders import REMEMBERED_MS
from streams.domain.order import Order
from streams.domain.order_status import following_statuses
from streams.domain.price_level import PriceLevel
from streams.domain.symbol_state import SymbolState


class Violation(NamedTuple):
    """A rule that does not hold, and where."""

    rule: str
    detail: str


def check_order_book(state: SymbolState) -> list[Violation]:
    """All violations in a symbol's book and indexes; its cost is that of the whole book."""
    return [
        *_check_spread(state),
        *_check_side(state, state.book.bids, "BUY"),
        *_check_side(state, state.book.asks, "SELL"),
        *_check_stops(state),
        *_check_index(state),
        *_check_accounts(state),
        *_check_closed(state),
    ]


def check_transition(before: ExecutionReport | None, after: ExecutionReport) -> list[Violation]:
    """Whether a report may follow the last one on the same order (None: there was none)."""
    status = "PENDING_NEW" if before is None else before["order_status"]
    if after["order_status"] in following_statuses(status, after["execution_type"]):
        return []
    detail = f"{after['order_id']}: {status} {after['execution_type']} {after['order_status']}"
    return [Violation("an order changes state by the table", detail)]


def _check_spread(state: SymbolState) -> Iterator[Violation]:
    bids, asks = state.book.bids.keys, state.book.asks.keys
    if bids and asks and bids[-1] >= -asks[-1]:
        yield Violation("the book is not crossed", f"bid {bids[-1]}, ask {-asks[-1]}")


def _check_side(state: SymbolState, side: BookSide, name: str) -> Iterator[Violation]:
    if side.keys != sorted(side.levels):
        yield Violation("the sorted keys are those of the levels", name)
    if side.touched:
        yield Violation("all depth is published between commands", name)
    for key, level in side.levels.items():
        where = f"{name} {level.price_ticks}"
        orders = list(level)
        if key != level.key or key != level.price_ticks * side.sign:
            yield Violation("a level stands at its key", where)
        if not orders:
            yield Violation("no level is empty", where)
        if level.visible_lots != sum(order.visible_lots for order in orders):
            yield Violation("a level's total equals its orders", where)
        if level.visible_lots != level.published_lots:
            yield Violation("what a level shows is published", where)
        if any(ahead.priority >= behind.priority for ahead, behind in pairwise(orders)):
            yield Violation("priorities ascend in a level", where)
        yield from _check_links(level, orders, where)
        for order in orders:
            yield from _check_resting(state, order, name, level)


def _check_links(level: PriceLevel, orders: list[Order], where: str) -> Iterator[Violation]:
    ahead = [order.ahead for order in orders]
    if (
        ahead != [None, *orders[:-1]]
        or level.last is not orders[-1]
        or any(order.level is not level for order in orders)
    ):
        yield Violation("a level's queue is linked both ways", where)


def _check_resting(
    state: SymbolState, order: Order, side: str, level: PriceLevel
) -> Iterator[Violation]:
    if order.side != side or order.price_ticks != level.price_ticks:
        yield Violation("an order rests at its side and price", repr(order))
    most = min(order.iceberg_lots, order.leaves_lots) if order.iceberg_lots else order.leaves_lots
    if not 0 < order.visible_lots <= most:
        yield Violation("an order shows something, and no more than it has", repr(order))
    if not order.iceberg_lots and order.visible_lots != order.leaves_lots:
        yield Violation("an order without iceberg shows all it has", repr(order))
    if not 0 < order.priority <= state.last_priority:
        yield Violation("a priority was given once", repr(order))
    if not order.is_working:
        yield Violation("what rests works", repr(order))


def _check_stops(state: SymbolState) -> Iterator[Violation]:
    last = state.last_price_ticks
    stops = state.book.stops
    for side, is_above in ((stops.above, True), (stops.below, False)):
        if side.keys != sorted(side.stops):
            yield Violation("the sorted keys are those of the stops", str(is_above))
        for key, waiting in side.stops.items():
            if not waiting:
                yield Violation("no stop price is without stops", str(key))
            for order in waiting.values():
                if key != order.stop_price_ticks * side.sign or order.triggers_above != is_above:
                    yield Violation("a stop waits at its price", repr(order))
                if order.is_working or order.visible_lots or order.priority:
                    yield Violation("a waiting stop neither works nor shows", repr(order))
                if last and (
                    last >= order.stop_price_ticks if is_above else last <= order.stop_price_ticks
                ):
                    yield Violation("no stop waits that the last price triggers", repr(order))


def _open_orders(state: SymbolState) -> Iterator[Order]:
    for side in (state.book.bids, state.book.asks):
        for level in side.levels.values():
            yield from level
    for stop_side in (state.book.stops.above, state.book.stops.below):
        for waiting in stop_side.stops.values():
            yield from waiting.values()


def _check_index(state: SymbolState) -> Iterator[Violation]:
    placed = {order.order_id: order for order in _open_orders(state)}
    if placed != state.book.orders:
        yield Violation("the index equals the content", str(placed.keys() ^ state.book.orders))
    for order in placed.values():
        gone = order.cumulative_quantity_lots + order.prevented_quantity_lots
        if gone + order.leaves_lots != order.quantity_lots or order.leaves_lots <= 0:
            yield Violation("filled + prevented + left = quantity", repr(order))
        if not 0 < order.order_id <= state.last_order_id:
            yield Violation("an order id was given once", repr(order))
        holder = order.account.client_ids.get(order.client_order_id)
        if holder is not order or order.account.account_id != order.account_id:
            yield Violation("an open order holds its client order id", repr(order))


def _check_accounts(state: SymbolState) -> Iterator[Violation]:
    orders = list(state.book.orders.values())
    opened = Counter(order.account_id for order in orders)
    stops = Counter(order.account_id for order in orders if not order.is_working)
    icebergs = Counter(order.account_id for order in orders if order.iceberg_lots)
    for name, account in state.accounts.items():
        counts = (account.open_count, account.stop_count, account.iceberg_count)
        if counts != (opened[name], stops[name], icebergs[name]):
            yield Violation("an account's counts equal its open orders", name)
        held = sum(isinstance(holder, Order) for holder in account.client_ids.values())
        if held != opened[name]:
            yield Violation("client order ids of open orders are held by them", name)
        if not account.client_ids:
            yield Violation("no account is without a client order id", name)


def _check_closed(state: SymbolState) -> Iterator[Violation]:
    remembered = {(row["account_id"], row["client_order_id"]): row for row in state.closed.rows()}
    held = {
        (account.account_id, client_order_id)
        for account in state.accounts.values()
        for client_order_id, holder in account.client_ids.items()
        if isinstance(holder, ClosedOrder)
    }
    if held != remembered.keys() or len(held) != state.closed.count:
        yield Violation("the memory of closed orders is what accounts hold", str(len(held)))
    if state.closed.count > state.closed.limit:
        yield Violation("no more closed orders than allowed", str(state.closed.count))
    if any(row["closed_ms"] <= state.time_ms - REMEMBERED_MS for row in remembered.values()):
        yield Violation("a closed order is forgotten after a day", str(state.time_ms))
