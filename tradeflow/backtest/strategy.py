"""The strategy's side: the class that a strategy derives from."""

from typing import TYPE_CHECKING

from streams.domain.events import ReportEvent, TradeEvent

if TYPE_CHECKING:
    from tradeflow.backtest.desk import Desk
    from tradeflow.backtest.local_book import LocalBook
    from tradeflow.backtest.own_order import OwnOrder


class Strategy:
    """What a strategy hears; each method may use the desk, and all of them do nothing here.

    Time is the record's (``desk.now_ms``) and chance is ``desk.random``: with these alone every run
    is the same.  What is given on the command line as ``--param NAME=VALUE`` comes to the class's
    constructor as keyword arguments of text.
    """

    def on_start(self, desk: "Desk") -> None:
        """Before the first moment of the record; the book is empty."""

    def on_trade(self, desk: "Desk", trade: TradeEvent) -> None:
        """Somebody traded, perhaps this strategy."""

    def on_book(self, desk: "Desk", book: "LocalBook") -> None:
        """The book has changed: once for all that one moment of the record changed."""

    def on_order(self, desk: "Desk", order: "OwnOrder", report: ReportEvent) -> None:
        """An order of the strategy was accepted, filled, cancelled, amended or refused."""

    def on_timer(self, desk: "Desk", name: str) -> None:
        """The time has come that ``desk.wake`` was asked for."""
