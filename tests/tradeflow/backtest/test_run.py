"""Event time: what reaches whom when, and what a strategy's orders do to the book."""

from dataclasses import replace

import pytest

from tests.tradeflow.backtest.made import SHARE, SYMBOL, Made, Scripted, diff, snapshot, trade
from tests.tradeflow.replay.synthetic import START_MS
from tradeflow.backtest.desk import Desk
from tradeflow.backtest.own_order import OwnOrder
from tradeflow.backtest.strategy import Strategy
from tradeflow.errors import TradeflowError

BOOK = snapshot({"10.00": "100", "9.99": "100"}, {"10.02": "100", "10.03": "100"})
QUIET_FLOW = [BOOK, diff(1), diff(2), diff(3), diff(10)]


def test_an_order_takes_what_rests_and_moves_the_book() -> None:
    strategy = Scripted({150: lambda desk: desk.buy(150, "10.03", time_in_force="IOC")})

    made = Made(QUIET_FLOW, strategy)

    bids, asks = made.market.depth()
    assert bids[0] == (1_000, 100)
    assert asks == [(1_003, 50)]
    assert [each[1:] for each in strategy.reports] == [
        ("NEW", "NEW"),
        ("TRADE", "PARTIALLY_FILLED"),
        ("TRADE", "FILLED"),
    ]
    assert strategy.trades == [(250, 1_002, 100), (250, 1_003, 50)]
    assert strategy.books[-1] == (250, (1_000, 100), (1_003, 50))
    assert made.balance("ACME") == 150 * 10**8
    assert made.balance("USD") == -(100 * 1_002 + 50 * 1_003) * 10**6


def test_what_was_taken_is_back_when_the_record_names_the_level() -> None:
    strategy = Scripted({50: lambda desk: desk.buy(100, "10.02", time_in_force="IOC")})

    made = Made([BOOK, diff(1), diff(3, asks={"10.02": "80"})], strategy)

    assert made.market.depth()[1] == [(1_002, 80), (1_003, 100)]


def test_a_recorded_taker_meets_the_better_order_of_the_strategy_first() -> None:
    strategy = Scripted({50: lambda desk: desk.buy(30, "10.01")})

    made = Made([BOOK, diff(1), diff(2), trade(250, "10.00", "50", sell=True), diff(3)], strategy)

    assert made.balance("ACME") == 30 * 10**8
    assert strategy.trades == [(250, 1_001, 30), (250, 1_000, 20)]
    assert made.performance.maker_lots == 30


def test_at_one_price_who_was_there_first_is_first() -> None:
    strategy = Scripted({50: lambda desk: desk.buy(30, "10.00")})
    taken = [trade(250, "10.00", "60", sell=True), trade(260, "10.00", "60", sell=True)]

    made = Made([BOOK, diff(1), diff(2), *taken, diff(3)], strategy)

    # 100 of the house stand before; of the second trade 40 go to the house and 20 to the strategy.
    assert strategy.trades[-1] == (260, 1_000, 20)
    assert made.balance("ACME") == 20 * 10**8


def test_a_recorded_order_that_crosses_the_strategys_trades_with_it() -> None:
    strategy = Scripted({50: lambda desk: desk.buy(30, "10.01")})

    made = Made([BOOK, diff(1), diff(2), diff(3, asks={"10.01": "10"})], strategy)

    assert made.balance("ACME") == 10 * 10**8
    assert made.market.depth()[0][0] == (1_001, 20)


def test_latency_is_the_way_there_and_the_way_back() -> None:
    strategy = Scripted({150: lambda desk: desk.buy(10, "10.02")})

    made = Made(QUIET_FLOW, strategy, latency=(40, 7))

    # Timers begin with the first moment, which is the first diff's.
    assert strategy.heard[1] == (250, "timer")
    assert [at for at, *_ in strategy.reports] == [297, 297]
    trades = made.exchange.markets[SYMBOL].state
    assert trades.last_price_ticks == 1_002
    assert strategy.books[0][0] == 107


def test_a_strategy_never_sees_what_has_not_come_to_it() -> None:
    seen: list[object] = []
    strategy = Scripted(
        {
            150: lambda desk: seen.append(desk.book.best_ask),
            260: lambda desk: seen.append(desk.book.best_ask),
        }
    )

    Made([BOOK, diff(1), diff(2, asks={"10.02": "0"}), diff(9)], strategy, latency=(0, 100))

    # The level went at 200 ms; that is heard at 300 ms.
    assert seen == [(1_002, 100), (1_003, 100)]


def test_within_a_millisecond_the_record_comes_first() -> None:
    strategy = Scripted({100: lambda desk: desk.buy(100, "10.02", time_in_force="IOC")})

    made = Made([BOOK, diff(1), diff(2, asks={"10.02": "40"}), diff(3)], strategy)

    assert made.performance.filled_lots == 40


def test_an_amended_order_keeps_its_place_and_name() -> None:
    def amend(desk: Desk) -> None:
        desk.amend(next(iter(desk.orders)), 10)

    strategy = Scripted({50: lambda desk: desk.buy(30, "10.01"), 150: amend})

    made = Made(QUIET_FLOW, strategy)

    assert made.market.depth()[0][0] == (1_001, 10)
    [order] = made.desk.orders.values()
    assert (order.quantity_lots, order.leaves_lots) == (10, 10)
    assert made.performance.counts["replaced"] == 1


def test_a_cancelled_order_is_gone() -> None:
    strategy = Scripted({50: lambda desk: desk.buy(30, "10.01"), 150: Desk.cancel_all})

    made = Made(QUIET_FLOW, strategy)

    assert made.market.depth()[0][0] == (1_000, 100)
    assert not made.desk.orders
    assert strategy.reports[-1][1] == "CANCELED"


def test_a_cancel_that_comes_too_late_is_refused() -> None:
    strategy = Scripted({50: lambda desk: desk.buy(30, "10.01"), 150: Desk.cancel_all})
    events = [BOOK, diff(1), diff(2), trade(255, "10.01", "30", sell=True), diff(3), diff(9)]

    made = Made(events, strategy, latency=(20, 20))

    assert made.performance.refused == {"UNKNOWN_ORDER": 1}
    assert made.performance.filled_lots == 30


def test_market_orders_are_paid_for_up_to_a_band() -> None:
    strategy = Scripted({50: lambda desk: desk.buy(100), 150: lambda desk: desk.sell(100)})

    made = Made(QUIET_FLOW, strategy)

    assert made.performance.counts["filled"] == 2
    assert made.balance("USD") == (1_000 - 1_002) * 100 * 10**6
    assert made.balance("ACME") == 0


def test_what_cannot_be_paid_for_is_refused() -> None:
    strategy = Scripted({50: lambda desk: desk.buy(100, "10.00")})

    made = Made(QUIET_FLOW, strategy, quote="10")

    assert made.performance.refused == {"INSUFFICIENT_BALANCE": 1}
    assert strategy.reports[0][1] == "REJECTED"
    assert not made.desk.orders


def test_the_strategys_orders_must_pass_the_instruments_own_filters() -> None:
    strict = replace(SHARE, min_notional_units=500 * 10**8, min_quantity_lots=5)
    strategy = Scripted(
        {
            50: lambda desk: desk.buy(4, "10.00"),
            60: lambda desk: desk.buy(49, "10.00"),
            70: lambda desk: desk.buy(50, "10.00"),
        }
    )

    made = Made(QUIET_FLOW, strategy, rules=strict)

    assert made.performance.refused == {"LOT_SIZE": 1, "NOTIONAL": 1}
    assert made.performance.counts["accepted"] == 1


class _Echo(Strategy):
    """Answers each report with an order."""

    def on_book(self, desk: Desk, book: object) -> None:
        desk.buy(1, "9.00", post_only=True)

    def on_order(self, desk: Desk, order: OwnOrder, report: object) -> None:
        desk.buy(1, "9.00", post_only=True)


def test_a_strategy_that_answers_itself_for_ever_is_stopped() -> None:
    with pytest.raises(TradeflowError, match="in one millisecond, and goes on"):
        Made(QUIET_FLOW, _Echo())


def test_fees_are_the_instruments() -> None:
    rules = replace(SHARE, maker_rate_ppm=1_000, taker_rate_ppm=2_000)
    strategy = Scripted({50: lambda desk: desk.buy(100), 150: lambda desk: desk.sell(50)})

    made = Made(QUIET_FLOW, strategy, rules=rules)

    assert made.performance.fees == {"ACME": 2 * 10**7, "USD": 50 * 1_000 * 2_000}
    assert made.balance("ACME") == 50 * 10**8 - 2 * 10**7
    assert made.balance("USD") == made.performance.quote_units
    assert made.run.now_ms > START_MS
