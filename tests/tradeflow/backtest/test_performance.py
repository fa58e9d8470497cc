"""Profit, draw-down and slippage, held against a plain reckoning in fractions."""

from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.amounts import UNITS_PER_ASSET
from streams.domain.events import ReportEvent
from tests.tradeflow.backtest.made import SHARE, Made, Scripted, diff, snapshot, trade
from tradeflow.backtest.desk import Desk
from tradeflow.backtest.performance import Performance
from tradeflow.replay.recording import FlowEvent

START = snapshot({"10.00": "100", "9.99": "100"}, {"10.02": "100", "10.03": "100"})


class _Slow(Scripted):
    """Acts at random, and reckons itself what that comes to, in fractions."""

    def __init__(self, seed: int) -> None:
        super().__init__({})
        self.rng = Random(seed)
        self.cash, self.shares = Fraction(0), Fraction(0)
        self.cost, self.filled = Fraction(0), 0
        self.mids: dict[str, Fraction] = {}

    def on_start(self, desk: Desk) -> None:
        desk.wake(10)

    def on_timer(self, desk: Desk, name: str) -> None:
        desk.wake(self.rng.randint(10, 120))
        bid, ask = desk.book.best_bid, desk.book.best_ask
        if bid is None or ask is None:
            return
        place = self.rng.choice((desk.buy, desk.sell))
        price = self.rng.choice((None, self.rng.randint(bid[0] - 2, ask[0] + 2)))
        order = place(self.rng.randint(1, 60), price)
        self.mids[order.client_order_id] = Fraction(bid[0] + ask[0], 200)
        if self.rng.random() < 0.3:
            desk.cancel(order)

    def on_order(self, desk: Desk, order: object, report: ReportEvent) -> None:
        if report.execution_type != "TRADE":
            return
        sign = 1 if report.side == "BUY" else -1
        price, lots = Fraction(report.last_price_ticks, 100), report.last_quantity_lots
        self.cash -= sign * price * lots
        self.shares += sign * lots
        self.cost += sign * (price - self.mids[report.client_order_id]) * lots
        self.filled += lots


def _events(seed: int) -> list[FlowEvent]:
    rng = Random(seed)
    events: list[FlowEvent] = [START, diff(1)]
    for number in range(2, 25):
        if rng.random() < 0.5:
            price, sell = rng.choice((("10.00", True), ("10.02", False)))
            at_ms = 100 * number - 50
            events.append(trade(at_ms, price, str(rng.randint(1, 50)), sell=sell))
        bids = {f"{rng.randint(995, 1_000) / 100:.2f}": str(rng.randint(1, 90))}
        asks = {f"{rng.randint(1_002, 1_008) / 100:.2f}": str(rng.randint(1, 90))}
        events.append(diff(number, bids, asks))
    return events


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25)
def test_agrees_with_a_plain_reckoning(seed: int) -> None:
    slow = _Slow(seed)

    made = Made(_events(seed), slow, every_ms=1)

    one = made.performance
    assert one.double_mid_ticks is not None
    profit = slow.cash + slow.shares * Fraction(one.double_mid_ticks, 200)
    assert Fraction(one.profit_units, UNITS_PER_ASSET) == profit
    assert Fraction(one.base_units, UNITS_PER_ASSET) == slow.shares
    assert one.filled_lots == slow.filled
    cost = Fraction(one.slippage.double_cost * SHARE.quote_units_per_tick_lot, 2)
    assert cost / UNITS_PER_ASSET == slow.cost
    assert made.desk.book.depth(50) == made.market.depth(50)
    assert made.desk.position_units == one.base_units
    assert made.balance("USD") == one.quote_units
    assert made.balance("ACME") == one.base_units


def test_the_draw_down_is_the_deepest_fall_below_a_height() -> None:
    one = Performance(Made([START, diff(1)], Scripted({})).market, every_ms=1)
    one.base_units = 10**8

    curve = (100, 150, 120, 160, 90, 140)
    for at, cents in enumerate(curve):
        one.double_mid_ticks = 2 * cents
        one._book = type("", (), {"bids": _Side([cents]), "asks": _Side([-cents])})()
        one.look(at)

    assert one.draw_down_units == 70 * 10**6
    assert [point.profit_units for point in one.points] == [cents * 10**6 for cents in curve]


class _Side:
    def __init__(self, keys: list[int]) -> None:
        self.keys = keys


def test_a_fill_without_a_mid_is_counted_apart() -> None:
    events = [snapshot({"10.00": "5"}, {}), diff(1), diff(2), diff(3)]

    made = Made(events, Scripted({50: lambda desk: desk.sell(5, "10.00")}))

    slippage = made.performance.slippage
    assert (slippage.fills_without_mid, slippage.lots) == (1, 0)
    assert made.performance.points == []
