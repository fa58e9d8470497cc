"""Aggregate trades: what one taker order traded at one price and one time.

An aggregate's id is that of its first trade.  So it is the same in every gateway and after every
restart, and rises, though not by one.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any


class Aggregate:
    """Trades of one taker order at one price and one time; their ids follow each other."""

    __slots__ = (
        "first_id",
        "is_buyer_maker",
        "last_id",
        "price_ticks",
        "quantity_lots",
        "taker_order_id",
        "time_ms",
    )

    def __init__(self, trade: Mapping[str, Any]) -> None:
        self.first_id: int = trade["trade_id"]
        """Of its first trade, and of itself."""
        self.last_id = self.first_id
        self.price_ticks: int = trade["price_ticks"]
        self.quantity_lots: int = trade["quantity_lots"]
        self.is_buyer_maker: bool = trade["is_buyer_maker"]
        self.taker_order_id = _taker(trade)
        self.time_ms: int = trade["time_ms"]

    def take(self, trade: Mapping[str, Any]) -> bool:
        """Count the trade in, if it belongs here."""
        if (
            trade["trade_id"] != self.last_id + 1
            or trade["price_ticks"] != self.price_ticks
            or trade["time_ms"] != self.time_ms
            or _taker(trade) != self.taker_order_id
        ):
            return False
        self.last_id += 1
        self.quantity_lots += trade["quantity_lots"]
        return True


class Aggregates:
    """The newest aggregates of a symbol, the oldest first."""

    __slots__ = ("_is_first_whole", "_kept")

    def __init__(self, kept: int) -> None:
        self._kept: deque[Aggregate] = deque(maxlen=kept + 1)
        self._is_first_whole = False

    def add(self, trade: Mapping[str, Any]) -> None:
        """Count a trade that is younger than all before it."""
        kept = self._kept
        if kept and kept[-1].take(trade):
            return
        if len(kept) == kept.maxlen:
            # What comes behind a whole one is whole.
            self._is_first_whole = True
        elif not kept:
            # Of others nobody here knows whether trades before were a part of them.
            self._is_first_whole = trade["trade_id"] == 1
        kept.append(Aggregate(trade))

    def all(self) -> list[Aggregate]:
        """All whose first trade is known."""
        return list(self._kept) if self._is_first_whole else list(self._kept)[1:]


def aggregated(trades: Iterable[Mapping[str, Any]]) -> list[Aggregate]:
    """The aggregates of trades that are given by rising ids."""
    found: list[Aggregate] = []
    for trade in trades:
        if not found or not found[-1].take(trade):
            found.append(Aggregate(trade))
    return found


def _taker(trade: Mapping[str, Any]) -> int:
    side = "seller_order_id" if trade["is_buyer_maker"] else "buyer_order_id"
    return int(trade[side])
