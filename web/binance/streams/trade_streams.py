"""Streams of trades: none is left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from web.binance.streams import payloads
from web.binance.streams.stream import Stream
from web.fanout.message import Message
from web.state.aggregate_trades import Aggregate
from web.state.markets import SymbolMarket

TRADE = "Trade"
AGGREGATE = "Aggregate"


class TradeStream(Stream):
    """Every trade."""

    def __init__(self, name: str, market: SymbolMarket) -> None:
        super().__init__(name)
        self.reads = ((TRADE, market.instrument.symbol),)
        self._rules = market.instrument

    def on_record(self, record: Mapping[str, Any]) -> Iterable[Message]:
        """A Trade."""
        return (Message(self.name, payloads.trade(self._rules, record)),)


class AggregateTradeStream(Stream):
    """Every aggregate of trades, when it is complete."""

    def __init__(self, name: str, market: SymbolMarket) -> None:
        super().__init__(name)
        self.reads = ((AGGREGATE, market.instrument.symbol),)
        self._rules = market.instrument

    def on_record(self, record: Aggregate) -> Iterable[Message]:
        """An aggregate, which is no record of the log but what is made of its trades."""
        return (Message(self.name, payloads.aggregate_trade(self._rules, record)),)
