"""What the log says of markets, all of it, for tests that compare what clients are told."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from schemas.codec import decode
from schemas.instruments import Instrument
from schemas.topics import CANDLES, ORDERBOOK_SNAPSHOTS, ORDERBOOK_UPDATES, TICKERS, TRADES
from tests.chaos.exchange import read_all
from tests.web.running_exchange import RunningExchange

Record = dict[str, Any]
Levels = dict[int, int]


class MarketLog:
    """The records of market data by symbol, as they are now."""

    def __init__(self, exchange: RunningExchange) -> None:
        bootstrap = exchange.broker.bootstrap
        self.instruments: dict[str, Instrument] = exchange.instruments
        self.trades: dict[str, list[Record]] = defaultdict(list)
        self.updates: dict[str, list[Record]] = defaultdict(list)
        self.tickers: dict[str, list[Record]] = defaultdict(list)
        self.candles: dict[str, list[Record]] = defaultdict(list)
        self.snapshots: dict[str, set[int]] = defaultdict(set)
        """The last update id of each."""
        kept = {
            "Trade": self.trades,
            "DepthUpdate": self.updates,
            "Ticker": self.tickers,
            "Candle": self.candles,
        }
        for topic in (TRADES, ORDERBOOK_UPDATES, ORDERBOOK_SNAPSHOTS, TICKERS, CANDLES):
            for message in read_all(bootstrap, topic.name):
                name, record = decode(message.value() or b"")
                if name in kept:
                    kept[name][record["symbol"]].append(record)
                elif name == "DepthSnapshot":
                    self.snapshots[record["symbol"]].add(record["last_update_id"])

    def each_book(self, symbol: str) -> Iterator[tuple[int, Levels, Levels]]:
        """The last id of each update, with bids and asks by price as it left them."""
        bids: Levels = {}
        asks: Levels = {}
        for update in self.updates[symbol]:
            for side, changed in ((bids, update["bids"]), (asks, update["asks"])):
                for level in changed:
                    side[level["price_ticks"]] = level["quantity_lots"]
                    if not level["quantity_lots"]:
                        del side[level["price_ticks"]]
            yield update["last_update_id"], bids, asks

    def books(self, symbol: str) -> dict[int, tuple[Levels, Levels]]:
        """All of them at once."""
        return {at: (dict(bids), dict(asks)) for at, bids, asks in self.each_book(symbol)}
