"""Backtests over made-up flows, with a strategy whose every step a test writes down."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from rich.console import Console

from schemas.amounts import parse_units
from schemas.instruments import Instrument
from streams.domain.events import ReportEvent, TradeEvent
from tests.tradeflow.replay.synthetic import START_MS
from tradeflow.backtest.desk import ACCOUNT, Desk
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.lobster_flow import share
from tradeflow.backtest.local_book import LocalBook
from tradeflow.backtest.own_order import OwnOrder
from tradeflow.backtest.performance import Performance
from tradeflow.backtest.recorded_flow import RecordedFlow
from tradeflow.backtest.run import BacktestRun, Latency
from tradeflow.backtest.strategy import Strategy
from tradeflow.backtest.trader import Trader
from tradeflow.replay.recording import DepthDiff, DepthSnapshot, FlowEvent, RecordedTrade

SHARE = share("ACME")
"""Cents and whole shares, no fees, no filters."""

SYMBOL = SHARE.symbol
QUIET = Console(quiet=True)


def snapshot(bids: dict[str, str], asks: dict[str, str]) -> DepthSnapshot:
    return DepthSnapshot(0, 10, list(bids.items()), list(asks.items()))


def diff(
    number: int, bids: dict[str, str] | None = None, asks: dict[str, str] | None = None
) -> DepthDiff:
    """A diff that comes so many tenths of a second after the start; ``numbered`` numbers it."""
    return DepthDiff(
        0,
        START_MS + 100 * number,
        SYMBOL,
        0,
        0,
        list((bids or {}).items()),
        list((asks or {}).items()),
    )


def trade(at_ms: int, price: str, quantity: str, *, sell: bool) -> RecordedTrade:
    return RecordedTrade(0, START_MS + at_ms, SYMBOL, 1, price, quantity, sell)


def numbered(events: list[FlowEvent]) -> list[FlowEvent]:
    """The same with update ids that follow each other."""
    update_ids = count(11)
    found: list[FlowEvent] = []
    for event in events:
        if isinstance(event, DepthDiff):
            update_id = next(update_ids)
            event = replace(event, first_update_id=update_id, last_update_id=update_id)
        found.append(event)
    return found


class Scripted(Strategy):
    """Does at each time (ms after the start) what the script says, and notes what it hears."""

    def __init__(self, script: dict[int, Callable[[Desk], object]]) -> None:
        self.script = script
        self.heard: list[tuple[int, str]] = []
        self.reports: list[tuple[int, str, str]] = []
        self.books: list[tuple[int, Any, Any]] = []
        self.trades: list[tuple[int, int, int]] = []

    def on_start(self, desk: Desk) -> None:
        for after_ms in self.script:
            desk.wake(after_ms, str(after_ms))

    def on_timer(self, desk: Desk, name: str) -> None:
        self.heard.append((desk.now_ms - START_MS, "timer"))
        self.script[int(name)](desk)

    def on_trade(self, desk: Desk, trade: TradeEvent) -> None:
        self.heard.append((desk.now_ms - START_MS, "trade"))
        self.trades.append((desk.now_ms - START_MS, trade.price_ticks, trade.quantity_lots))

    def on_book(self, desk: Desk, book: LocalBook) -> None:
        self.heard.append((desk.now_ms - START_MS, "book"))
        self.books.append((desk.now_ms - START_MS, book.best_bid, book.best_ask))

    def on_order(self, desk: Desk, order: OwnOrder, report: ReportEvent) -> None:
        at = desk.now_ms - START_MS
        self.reports.append((at, report.execution_type, report.order_status))


class Made:
    """A finished backtest with all its parts."""

    def __init__(
        self,
        events: list[FlowEvent],
        strategy: Strategy,
        *,
        rules: Instrument = SHARE,
        latency: tuple[int, int] = (0, 0),
        quote: str = "1000000",
        base: str = "1000",
        every_ms: int = 100,
    ) -> None:
        self.exchange = Exchange({SYMBOL: rules})
        self.funds = Funds(self.exchange)
        self.market = self.exchange.markets[SYMBOL]
        flow = RecordedFlow(rules, iter(numbered(events)))
        self.performance = Performance(self.market, every_ms=every_ms)

        def begin(time_ms: int) -> None:
            self.funds.open_account(ACCOUNT, time_ms)
            for asset, amount in (("USD", quote), ("ACME", base)):
                self.funds.bring_in(ACCOUNT, asset, parse_units(amount), time_ms)

        self.run = BacktestRun(
            self.exchange,
            flow,
            self.performance,
            rules,
            Latency(*latency),
            begin=begin,
            look=lambda _run: None,
        )
        flow.begin(self.exchange, self.funds)
        self.desk = Desk(rules, seed=1, send=self.run.send, wake=self.run.wake)
        self.desk.on_sent = self.performance.send
        self.run.trader = Trader(strategy, self.desk)
        self.run.play()

    def balance(self, asset: str) -> int:
        """What the strategy has more than it began with, in minor units."""
        deposited = self.funds.deposited[ACCOUNT, asset]
        return self.funds.total(ACCOUNT, asset) - deposited
