"""One backtest: the record's moments in their order, and between them what is on its way.

Within one millisecond the record comes first, then what comes to the strategy, then what it does:
it never acts on what it has not heard.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

from schemas.budget import market_budget
from schemas.enums import RejectReason
from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from streams.domain.admission import is_notional_outside, refusal_in_any_market
from streams.domain.events import ReportEvent
from streams.domain.outcome import Outcome
from streams.domain.reports import refused_placement
from streams.domain.symbol_state import SymbolState
from streams.transport.collector import collector_paused
from tradeflow.backtest.agenda import Agenda
from tradeflow.backtest.desk import ACCOUNT
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.flow import Flow
from tradeflow.backtest.performance import Performance
from tradeflow.backtest.trader import News, Trader
from tradeflow.errors import TradeflowError

_ROUND = 1_000
"""Moments between two looks at changed rows and at garbage, as a stage has between its rounds."""

_ACTIONS_MAX = 10_000
"""In one millisecond: more is a strategy that answers itself for ever."""


class Latency:
    """How long it takes to the exchange and back, in ms, always the same."""

    def __init__(self, in_ms: int, out_ms: int) -> None:
        self.in_ms = in_ms
        self.out_ms = out_ms


class BacktestRun:
    """Plays a flow on an exchange, with a trader or without.

    ``rules`` are the instrument's own: the exchange's are without filters, for the flow's sake.
    ``begin`` is called with the time of the first moment, before it; ``look`` is called now and
    then.  Both may raise to end the run.
    """

    def __init__(
        self,
        exchange: Exchange,
        flow: Flow,
        performance: Performance,
        rules: Instrument,
        latency: Latency,
        *,
        begin: Callable[[int], None],
        look: Callable[["BacktestRun"], None],
    ) -> None:
        self.exchange = exchange
        self.performance = performance
        self.moments = 0
        self.trades = 0
        self.first_ms = 0
        self.now_ms = 0
        self.is_stopped = False
        self.trader: Trader | None = None
        self._flow = flow
        self._rules = SymbolState(rules, closed_limit=0)
        self._latency = latency
        self._agenda = Agenda()
        self._news: list[News] = []
        self._begin = begin
        self._look = look
        self._actions = (0, 0)
        exchange.on_outcome = self._hear
        exchange.on_refusal = self._hear_refusal

    def play(self) -> None:
        """Play all moments, or those before ``stop``."""
        moments = self._flow.moments()
        while not self.is_stopped and (some := list(islice(moments, _ROUND))):
            if not self.moments:
                self._start(some[0][0])
            with collector_paused():
                self._play(some)
            self.exchange.take_changes()
            self._look(self)
        self._until(self.now_ms + 1)
        self.performance.finish(self.now_ms)
        self._look(self)

    def _start(self, time_ms: int) -> None:
        self.first_ms = self.now_ms = time_ms
        self._begin(time_ms)
        if self.trader is not None:
            self.trader.start(time_ms)

    def _play(self, moments: list[tuple[int, Any]]) -> None:
        play = self._flow.play
        for time_ms, moment in moments:
            if self.is_stopped:
                return
            now_ms = max(self.now_ms, time_ms)
            self._until(now_ms)
            self.now_ms = now_ms
            play(moment)
            self._after()

    def stop(self) -> None:
        """Play no further moment."""
        self.is_stopped = True

    def send(self, kind: str, command: dict[str, Any]) -> None:
        """A command of the strategy sets out."""
        self._agenda.put(self.now_ms + self._latency.in_ms, lambda: self._arrive(kind, command))

    def wake(self, time_ms: int, name: str) -> None:
        """A timer of the strategy."""
        self._agenda.put(time_ms, lambda: self._ring(name))

    def _until(self, before_ms: int) -> None:
        """All that is due before a time."""
        while (due := self._agenda.take(before_ms)) is not None:
            time_ms, action = due
            self.now_ms = max(self.now_ms, time_ms)
            at, count = self._actions
            self._actions = self.now_ms, count + 1 if at == self.now_ms else 1
            if self._actions[1] > _ACTIONS_MAX:
                raise TradeflowError(
                    f"The strategy has done {_ACTIONS_MAX} things in one millisecond, and goes on.",
                    remedy="Does it answer its own reports? --latency-in lets time pass.",
                )
            action()

    def _after(self) -> None:
        """What a moment, or an order that arrived, has led to goes out."""
        self.moments += 1
        if self._news:
            news, self._news = self._news, []
            self._agenda.put(self.now_ms + self._latency.out_ms, lambda: self._tell(news))
        if self.trader is not None:
            self.performance.look(self.now_ms)

    def _tell(self, news: list[News]) -> None:
        if self.trader is not None:
            self.trader.tell(self.now_ms, news)

    def _ring(self, name: str) -> None:
        if self.trader is not None:
            self.trader.ring(self.now_ms, name)

    def _arrive(self, kind: str, command: dict[str, Any]) -> None:
        """A command of the strategy is there."""
        command["time_ms"] = self.now_ms
        if kind == "PlaceOrder":
            if command["order_type"] == "MARKET":
                self._stamp_budget(command)
            reason = self._refusal(command)
            if reason != "NONE":
                report = refused_placement(command, reason)  # type: ignore[arg-type]
                report.time_ms = self.now_ms
                self._hear_own(report)
                self._after()
                return
        self.exchange.command(kind, command)
        self._after()

    def _stamp_budget(self, command: dict[str, Any]) -> None:
        """As at a gateway: what a market order may cost follows from the best price there is."""
        book = self.exchange.markets[command["symbol"]].state.book
        best = next(book.opposite(command["side"]).best_first(), None)
        if best is not None:
            rules = self._rules.instrument
            command["budget_units"] = market_budget(command, rules, best.price_ticks)

    def _refusal(self, command: dict[str, Any]) -> RejectReason:
        """What the instrument's own filters say: prices, quantities, the worth of a limit order."""
        reason = refusal_in_any_market(self._rules, command)  # type: ignore[arg-type]
        if reason != "NONE" or command["order_type"] == "MARKET":
            return reason
        rules = self._rules.instrument
        worth = command["price_ticks"] * command["quantity_lots"] * rules.quote_units_per_tick_lot
        return "NOTIONAL" if is_notional_outside(rules, worth) else "NONE"

    def _hear(self, outcome: Outcome) -> None:
        self._flow.hear(outcome)
        self.trades += len(outcome.trades)
        trader = self.trader
        if trader is None:
            return
        for report in outcome.reports:
            if report.account_id == ACCOUNT:
                self._hear_own(report)
        self._news += [trade for trade in outcome.trades if trader.is_news(trade)]
        if outcome.depth is not None and trader.is_news(outcome.depth):
            self._news.append(outcome.depth)

    def _hear_refusal(self, report: ExecutionReport) -> None:
        self._flow.hear_refusal(report)
        if report["account_id"] == ACCOUNT:
            self._hear_own(ReportEvent.from_record(report))

    def _hear_own(self, report: ReportEvent) -> None:
        self.performance.hear(report)
        self._news.append(report)
