"""The newest aggregate trades of a symbol, in memory."""

from collections import deque

from web.state.aggregate_trades import Aggregate, Trade


class KeptAggregates:
    """The newest aggregates of a symbol, the oldest first."""

    __slots__ = ("_is_first_whole", "_kept")

    def __init__(self, kept: int) -> None:
        self._kept: deque[Aggregate] = deque(maxlen=kept + 1)
        self._is_first_whole = False

    def add(self, trade: Trade) -> None:
        """Count a trade that is younger than all before it."""
        kept = self._kept
        if kept and kept[-1].add(trade):
            return
        if len(kept) == kept.maxlen:
            # What comes behind a whole one is whole.
            self._is_first_whole = True
        elif not kept:
            # Of others nobody here knows whether trades before were a part of them.
            self._is_first_whole = trade["trade_id"] == 1
        kept.append(Aggregate.of(trade))

    def all(self) -> list[Aggregate]:
        """All whose first trade is known."""
        return list(self._kept) if self._is_first_whole else list(self._kept)[1:]
