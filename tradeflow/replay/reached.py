"""What the exchange made of a replay: its book, its trades and its answers, from its events."""

from collections import deque
from typing import Any, cast

from schemas.records import DepthUpdate, ExecutionReport, Trade
from tradeflow.answers import Answers
from tradeflow.replay.agreement import Best, BestPriceSamples
from tradeflow.views.depth_book import DepthBook

_TRADES_SHOWN = 50


class Reached:
    """The events of one run; those of other programs move the book only."""

    def __init__(self, book: DepthBook, run: str) -> None:
        self.book = book
        self.answers = Answers()
        self.samples = BestPriceSamples()
        self.last_trades: deque[Trade] = deque(maxlen=_TRADES_SHOWN)
        self.trades = 0
        self.trade_lots = 0
        self.last_change_id = ""
        """The run's last command whose effect on the book is known."""
        self._prefix = f"{run}-"

    def take(self, name: str, record: dict[str, Any], at: float) -> None:
        """Take one event in; ``at`` in seconds is when it was read."""
        if name == "ExecutionReport":
            self.answers.take(cast("ExecutionReport", record), at)
        elif name == "DepthUpdate":
            self._take_update(cast("DepthUpdate", record))
        elif name == "Trade" and record["command_id"].startswith(self._prefix):
            self.last_trades.append(cast("Trade", record))
            self.trades += 1
            self.trade_lots += record["quantity_lots"]

    def finish(self) -> None:
        """Compare the samples that no later command decides."""
        self.samples.reached(1 << 62, self._best_prices())

    def _take_update(self, update: DepthUpdate) -> None:
        if update["symbol"] != self.book.symbol:
            return
        command_id = update["command_id"]
        if command_id.startswith(self._prefix):
            number = int(command_id[len(self._prefix) :].partition("~")[0])
            due = self.samples.next_number()
            if due is not None and due < number:
                self.samples.reached(number, self._best_prices())
            self.last_change_id = command_id
        self.book.apply(update)

    def _best_prices(self) -> Best:
        bids, asks = self.book.bids(1), self.book.asks(1)
        return bids[0][0] if bids else 0, asks[0][0] if asks else 0
