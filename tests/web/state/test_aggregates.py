"""Aggregates against a plain loop, also when a gateway begins in the middle."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.instruments import load_instruments
from tests.web.made_trades import MarketLog, happenings
from web.state.aggregates import Aggregate, Aggregates, aggregated

BTCUSDT = load_instruments()["BTCUSDT"]
Shown = tuple[int, int, int, int, bool, int]


def _shown(aggregate: Aggregate) -> Shown:
    return (
        aggregate.first_id,
        aggregate.last_id,
        aggregate.price_ticks,
        aggregate.quantity_lots,
        aggregate.is_buyer_maker,
        aggregate.time_ms,
    )


def plain_aggregates(trades: list[dict[str, Any]]) -> list[Shown]:
    """By Binance's definition: same taker order, same price, same time."""
    groups: dict[tuple[int, int, int], list[dict[str, Any]]] = {}
    for trade in trades:
        taker = trade["seller_order_id" if trade["is_buyer_maker"] else "buyer_order_id"]
        groups.setdefault((taker, trade["price_ticks"], trade["time_ms"]), []).append(trade)
    return [
        (
            group[0]["trade_id"],
            group[-1]["trade_id"],
            group[0]["price_ticks"],
            sum(each["quantity_lots"] for each in group),
            group[0]["is_buyer_maker"],
            group[0]["time_ms"],
        )
        for group in groups.values()
    ]


@given(happenings)
def test_equals_a_plain_loop(happened: Any) -> None:
    trades = MarketLog(BTCUSDT, happened).trades

    assert [_shown(each) for each in aggregated(trades)] == plain_aggregates(trades)


@given(happenings, st.integers(0, 100), st.integers(1, 10))
def test_is_the_same_wherever_a_gateway_begins(happened: Any, begun: int, kept: int) -> None:
    trades = MarketLog(BTCUSDT, happened).trades
    expected = plain_aggregates(trades)
    aggregates = Aggregates(kept)

    for trade in trades[begun:]:
        aggregates.add(trade)

    found = [_shown(each) for each in aggregates.all()]
    whole = [each for each in expected if each[0] > begun or begun == 0]
    if whole and begun and any(each[0] == begun + 1 for each in whole):
        # Nobody told that the first trade began one.
        whole = whole[1:]
    assert found[-kept:] == whole[-kept:]
    assert len(found) in (min(len(whole), kept), min(len(whole), kept + 1))
