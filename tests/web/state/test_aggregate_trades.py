"""Aggregates are a function of the log: whoever reads it, from wherever, finds the same."""

from itertools import groupby
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import TRADES
from web.feed.hub import Hub
from web.feed.record import END, Received
from web.state.aggregate_trades import Aggregate, AggregateTrades, aggregates_of

Trade = dict[str, Any]
_FILLS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 9)), min_size=1, max_size=4
)  # price, lots
_TAKERS = st.lists(st.tuples(st.booleans(), _FILLS), max_size=12)


def _trades(takers: list[tuple[bool, list[tuple[int, int]]]], symbol: str = "A") -> list[Trade]:
    """Each taker is a command of its own, that takes what it is given here."""
    trades: list[Trade] = []
    for number, (is_buyer_maker, fills) in enumerate(takers, start=1):
        for price, lots in fills:
            maker = 1_000_000 + len(trades)
            trades.append(
                {
                    "trade_id": len(trades) + 1,
                    "symbol": symbol,
                    "price_ticks": price,
                    "quantity_lots": lots,
                    "buyer_order_id": maker if is_buyer_maker else number,
                    "seller_order_id": number if is_buyer_maker else maker,
                    "is_buyer_maker": is_buyer_maker,
                    "time_ms": number,
                }
            )
    return trades


def _by_hand(trades: list[Trade]) -> list[tuple[int, int, int, int]]:
    """First and last id, price and lots of each."""
    made = []
    for (_, price), group in groupby(trades, key=lambda t: (t["time_ms"], t["price_ticks"])):
        fills = list(group)
        lots = sum(each["quantity_lots"] for each in fills)
        made.append((fills[0]["trade_id"], fills[-1]["trade_id"], price, lots))
    return made


def _seen(aggregate: Aggregate) -> tuple[int, int, int, int]:
    return (
        aggregate.aggregate_id,
        aggregate.last_trade_id,
        aggregate.price_ticks,
        aggregate.quantity_lots,
    )


@given(_TAKERS, st.data())
def test_is_the_same_from_wherever_one_reads(takers: Any, data: st.DataObject) -> None:
    trades = _trades(takers)
    expected = _by_hand(trades)
    assert [_seen(each) for each in aggregates_of(trades)] == expected

    start = data.draw(st.integers(0, len(trades)))
    later = aggregates_of(trades[start:])

    assert [_seen(each) for each in later] == expected[len(expected) - len(later) :]
    # Only the one is missing whose beginning may be.
    from_start = [each for each in expected if each[0] > start]
    assert len(later) >= len(from_start) - 1


@given(st.lists(st.tuples(st.sampled_from("AB"), st.booleans(), _FILLS), max_size=12), st.data())
def test_tells_of_each_when_it_is_complete(takers: Any, data: st.DataObject) -> None:
    """Commands of two symbols on one partition, with the end of it reached here and there."""
    trades = {
        symbol: _trades([(side, fills) for its, side, fills in takers if its == symbol], symbol)
        for symbol in "AB"
    }
    hub, told = Hub(), dict[str, list[Aggregate]]({"A": [], "B": []})
    state = AggregateTrades()
    state.listen(hub)
    state.on_complete(lambda aggregate: told[aggregate.symbol].append(aggregate))
    fed = {"A": 0, "B": 0}
    for symbol, _, fills in takers:
        for _ in fills:
            trade = trades[symbol][fed[symbol]]
            fed[symbol] += 1
            hub.publish([Received(TRADES.name, 0, 0, b"", "Trade", trade, {})])
        # A command's trades are committed as one, so the end is never between them.
        if data.draw(st.booleans()):
            hub.publish([Received(TRADES.name, 0, 0, b"", END, {}, {})])
            for each in "AB":
                assert [_seen(a) for a in told[each]] == _by_hand(trades[each][: fed[each]])
    hub.publish([Received(TRADES.name, 1, 0, b"", END, {}, {})])
    hub.publish([Received(TRADES.name, 0, 0, b"", END, {}, {})])

    for each in "AB":
        assert [_seen(a) for a in told[each]] == _by_hand(trades[each])
