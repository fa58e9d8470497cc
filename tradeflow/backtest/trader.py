"""A strategy at its desk: what is told to it, and how its errors end a run."""

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from streams.domain.events import DepthEvent, ReportEvent, TradeEvent
from tradeflow.backtest.desk import ACCOUNT, Desk
from tradeflow.backtest.strategy import Strategy
from tradeflow.errors import TradeflowError

News = ReportEvent | TradeEvent | DepthEvent


class StrategyError(TradeflowError):
    """A strategy raised an exception, which is this one's cause."""


class Trader:
    """Tells a strategy what has happened on its symbol, when that has come to it."""

    def __init__(self, strategy: Strategy, desk: Desk) -> None:
        self.desk = desk
        self._strategy = strategy
        self._symbol = desk.instrument.symbol

    def is_news(self, event: News) -> bool:
        """Whether the strategy hears of it: its own reports, and all that its symbol does."""
        if isinstance(event, ReportEvent):
            return event.account_id == ACCOUNT
        return event.symbol == self._symbol

    def start(self, now_ms: int) -> None:
        """Before the first moment."""
        self.desk.now_ms = now_ms
        self._call(self._strategy.on_start, self.desk)

    def tell(self, now_ms: int, news: Sequence[News]) -> None:
        """What one moment led to."""
        desk, strategy = self.desk, self._strategy
        desk.now_ms = now_ms
        updates = [event for event in news if isinstance(event, DepthEvent)]
        # The book first: whoever hears of a trade sees what it left.
        for update in updates:
            desk.book.apply(update)
        for event in news:
            if isinstance(event, ReportEvent):
                order = desk.hear(event)
                if order is not None:
                    self._call(strategy.on_order, desk, order, event)
            elif isinstance(event, TradeEvent):
                self._call(strategy.on_trade, desk, event)
        if updates:
            self._call(strategy.on_book, desk, desk.book)

    def ring(self, now_ms: int, name: str) -> None:
        """A timer is due."""
        self.desk.now_ms = now_ms
        self._call(self._strategy.on_timer, self.desk, name)

    def _call(self, method: Callable[..., Any], *arguments: object) -> None:
        try:
            method(*arguments)
        except Exception as error:  # whatever it is, it is the strategy's
            raise failure_of(type(self._strategy), error, method.__name__) from error


def failure_of(kind: type, error: Exception, method: str) -> StrategyError:
    """The error of a strategy as one line, with the file and the line where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    # The frame after the call from here; what the strategy called lies deeper.
    own = frames[1] if len(frames) > 1 else frames[0]
    for frame in frames:
        if frame.filename == _file_of(kind):
            own = frame
    said = " ".join(str(error).split())
    return StrategyError(
        f"The strategy {kind.__name__} failed in {method}, {own.filename}, line {own.lineno}:"
        f" {type(error).__name__}{': ' if said else ''}{said}.",
        remedy="With --traceback the whole way there is shown.",
    )


def _file_of(kind: type) -> str:
    return getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
