"""The checks find what they are there to find: each damage to a sound market has its violation."""

from collections.abc import Callable
from typing import Any

import pytest

from streams.domain.invariants import check_order_book
from streams.domain.symbol_state import SymbolState
from tests.streams.domain.builders import MARKETS, Book


def a_sound_market() -> SymbolState:
    book = Book(closed_limit=5)
    book.sell("last", 1, 105)
    book.buy("price", 1, 105)
    book.buy("low", 5, 100)
    book.buy("ice", 5, 100, iceberg_lots=2)
    book.sell("high", 5, 110)
    book.buy("stop", 5, order_type="STOP_LOSS", stop_price_ticks=120)
    MARKETS.clear()
    return book.market.state


def bids(state: SymbolState) -> Any:
    return state.book.bids.levels[100]


def an_order(order_id: int) -> Callable[[SymbolState], Any]:
    return lambda state: state.book.orders[order_id]


def account(state: SymbolState) -> Any:
    return state.accounts["low"]


def swap_priorities(state: SymbolState) -> None:
    one, two = state.book.orders[3], state.book.orders[4]
    one.priority, two.priority = two.priority, one.priority


def cross(state: SymbolState) -> None:
    state.book.asks.keys[-1] = -99


def empty(state: SymbolState) -> None:
    bids(state).first = None


def forget_the_index(state: SymbolState) -> None:
    del state.book.orders[3]


def lose_a_holder(state: SymbolState) -> None:
    del state.accounts["low"].client_ids["low"]


def lose_a_memory(state: SymbolState) -> None:
    state.accounts["last"].client_ids["other"] = state.accounts["last"].client_ids.pop("last")


def set_on(target: Callable[[SymbolState], Any], **values: Any) -> Callable[[SymbolState], None]:
    def damage(state: SymbolState) -> None:
        for name, value in values.items():
            setattr(target(state), name, value)

    return damage


DAMAGES: list[tuple[str, Callable[[SymbolState], None]]] = [
    ("the book is not crossed", cross),
    ("the sorted keys are those of the levels", lambda state: state.book.bids.keys.append(101)),
    (
        "all depth is published between commands",
        lambda state: state.book.bids.touched.append(bids(state)),
    ),
    ("a level stands at its key", set_on(bids, key=99)),
    ("no level is empty", empty),
    ("a level's total equals its orders", set_on(bids, visible_lots=6)),
    ("what a level shows is published", set_on(bids, published_lots=6)),
    ("priorities ascend in a level", swap_priorities),
    ("a level's queue is linked both ways", set_on(an_order(4), ahead=None)),
    ("an order rests at its side and price", set_on(an_order(3), price_ticks=99)),
    ("an order shows something, and no more than it has", set_on(an_order(4), visible_lots=3)),
    ("an order without iceberg shows all it has", set_on(an_order(3), visible_lots=4)),
    ("a priority was given once", set_on(an_order(4), priority=99)),
    ("what rests works", set_on(an_order(4), is_working=False)),
    ("the sorted keys are those of the stops", lambda s: s.book.stops.above.keys.append(0)),
    ("no stop price is without stops", lambda s: s.book.stops.above.stops[-120].clear()),
    ("a stop waits at its price", set_on(an_order(6), stop_price_ticks=121)),
    ("a waiting stop neither works nor shows", set_on(an_order(6), visible_lots=1)),
    ("no stop waits that the last price triggers", set_on(lambda s: s, last_price_ticks=120)),
    ("the index equals the content", forget_the_index),
    ("filled + prevented + left = quantity", set_on(an_order(3), prevented_quantity_lots=1)),
    ("an order id was given once", set_on(lambda s: s, last_order_id=5)),
    ("an open order holds its client order id", lose_a_holder),
    ("an account's counts equal its open orders", set_on(account, open_count=2)),
    ("client order ids of open orders are held by them", lose_a_holder),
    ("no account is without a client order id", lose_a_holder),
    ("the memory of closed orders is what accounts hold", lose_a_memory),
    ("no more closed orders than allowed", set_on(lambda s: s.closed, limit=1)),
    ("a closed order is forgotten after a day", set_on(lambda s: s, time_ms=2**60)),
]  # fmt: skip


def test_a_sound_market_has_no_violation() -> None:
    assert check_order_book(a_sound_market()) == []


@pytest.mark.parametrize(("rule", "damage"), DAMAGES, ids=[rule for rule, _ in DAMAGES])
def test_a_damaged_one_is_found_out(rule: str, damage: Callable[[SymbolState], None]) -> None:
    state = a_sound_market()

    damage(state)

    assert rule in {violation.rule for violation in check_order_book(state)}
