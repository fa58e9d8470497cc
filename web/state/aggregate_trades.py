"""Aggregate trades: the one place that says what they are.

An aggregate is the fills of one taker order at one price and one time that follow each other in the
log.  Its id is that of its first trade: a function of the log, the same in every gateway and on
every replay, whenever the gateway began to read.  So ids rise, and are not always one after the
other.

All fills of a taker are of one command, and matching writes a command's trades in one transaction.
So an aggregate is complete when another trade follows, or when nothing committed is left to read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.topics import TRADES
from web.feed.hub import Hub
from web.feed.record import END, Received

Trade = Mapping[str, Any]


@dataclass(slots=True)
class Aggregate:
    """Trades as one; prices in ticks, quantities in lots."""

    symbol: str
    price_ticks: int
    quantity_lots: int
    first_trade_id: int
    last_trade_id: int
    is_buyer_maker: bool
    taker_order_id: int
    time_ms: int

    @property
    def aggregate_id(self) -> int:
        """By which it is known."""
        return self.first_trade_id

    @classmethod
    def of(cls, trade: Trade) -> "Aggregate":
        """The aggregate that a trade begins."""
        return cls(
            symbol=trade["symbol"],
            price_ticks=trade["price_ticks"],
            quantity_lots=trade["quantity_lots"],
            first_trade_id=trade["trade_id"],
            last_trade_id=trade["trade_id"],
            is_buyer_maker=trade["is_buyer_maker"],
            taker_order_id=_taker_of(trade),
            time_ms=trade["time_ms"],
        )

    def add(self, trade: Trade) -> bool:
        """Add the next trade of the symbol; False: it belongs to another aggregate."""
        if (
            trade["trade_id"] != self.last_trade_id + 1
            or trade["price_ticks"] != self.price_ticks
            or trade["time_ms"] != self.time_ms
            or _taker_of(trade) != self.taker_order_id
        ):
            return False
        self.last_trade_id = trade["trade_id"]
        self.quantity_lots += trade["quantity_lots"]
        return True


def aggregated(trades: Iterable[Trade]) -> list[Aggregate]:
    """The aggregates of a symbol's trades, given by rising ids; the first may be a rest of one."""
    made: list[Aggregate] = []
    for trade in trades:
        if not made or not made[-1].add(trade):
            made.append(Aggregate.of(trade))
    return made


def aggregates_of(trades: Iterable[Trade]) -> list[Aggregate]:
    """As ``aggregated``, without the first, unless it begins with the symbol's first trade ever.

    What is known of the log begins somewhere, and what was filled before that is not known.
    """
    made = aggregated(trades)
    return made if made and made[0].first_trade_id == 1 else made[1:]


class AggregateTrades:
    """Follows all symbols' trades and tells of each aggregate when it is complete."""

    def __init__(self) -> None:
        self._open: dict[int, dict[str, Aggregate]] = defaultdict(dict)
        """By partition and symbol."""
        self._listeners: list[Callable[[Aggregate], None]] = []

    def on_complete(self, listener: Callable[[Aggregate], None]) -> None:
        """Tell ``listener`` of all aggregates from now on."""
        self._listeners.append(listener)

    def listen(self, hub: Hub) -> None:
        """Follow the topic of trades."""
        hub.on(TRADES.name, "Trade", self._on_trade)
        hub.on(TRADES.name, END, self._on_end)

    def _on_trade(self, received: Received) -> None:
        trade = received.record
        open_ = self._open[received.partition]
        before = open_.get(trade["symbol"])
        if before is not None and before.add(trade):
            return
        open_[trade["symbol"]] = Aggregate.of(trade)
        if before is not None:
            self._tell(before)

    def _on_end(self, received: Received) -> None:
        complete = self._open.pop(received.partition, {})
        for aggregate in complete.values():
            self._tell(aggregate)

    def _tell(self, aggregate: Aggregate) -> None:
        for listener in self._listeners:
            listener(aggregate)


def _taker_of(trade: Trade) -> int:
    taker: int = trade["seller_order_id" if trade["is_buyer_maker"] else "buyer_order_id"]
    return taker
