"""Every symbol's book, last trades, candles, ticker and status."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import (
    CANDLES,
    MATCHING_BOOK,
    ORDERBOOK_SNAPSHOTS,
    ORDERBOOK_UPDATES,
    TICKERS,
    TRADES,
)
from web.clock import now_ms
from web.feed.hub import Hub
from web.feed.record import Received
from web.settings import GatewaySettings
from web.state.book import LocalBook
from web.state.candles import CandleSeries
from web.state.day_ticker import DayTicker
from web.state.grid import Grid
from web.state.kept_aggregates import KeptAggregates

Record = dict[str, Any]


class SymbolMarket:
    """What is known of one symbol."""

    __slots__ = (
        "_kept_candles",
        "aggregates",
        "book",
        "candles",
        "day",
        "grid",
        "instrument",
        "partition",
        "status",
        "ticker",
        "trades",
        "version",
    )

    def __init__(self, instrument: Instrument, *, trades: int, candles: int) -> None:
        self.instrument = instrument
        self.grid = Grid(instrument)
        self.status: str = instrument.status
        self.book = LocalBook()
        self.trades: deque[Record] = deque(maxlen=trades)
        """The newest Trades, the oldest first, by rising ids."""
        self.aggregates = KeptAggregates(trades)
        self.candles: dict[str, CandleSeries] = {}
        """By interval."""
        self.ticker: Record | None = None
        """The last Ticker; None where nothing was ever traded."""
        self.day = DayTicker()
        self.partition = -1
        """Of its topics, once one of them has told of it."""
        self.version = 0
        """Rises with each trade, Ticker and status."""
        self._kept_candles = candles

    def candle_series(self, interval: str) -> CandleSeries:
        """The candles of an interval, perhaps none."""
        series = self.candles.get(interval)
        if series is None:
            series = self.candles[interval] = CandleSeries(self._kept_candles)
        return series

    def add_trade(self, trade: Record) -> None:
        """Note a trade; one that is not younger than the last is known."""
        if self.trades and trade["trade_id"] <= self.trades[-1]["trade_id"]:
            return
        self.trades.append(trade)
        self.aggregates.add(trade)
        self.day.add(trade)
        self.version += 1

    def set_ticker(self, ticker: Record) -> None:
        """Go on from a Ticker."""
        self.ticker = ticker
        self.day.restart(ticker, self.trades_after(ticker["last_trade_id"]))
        self.version += 1

    def set_status(self, status: str) -> None:
        """TRADING, HALT or CANCEL_ONLY."""
        if status != self.status:
            self.status = status
            self.version += 1

    def trades_after(self, trade_id: int) -> list[Record]:
        """Those in memory with higher ids; few, so they are looked for from behind."""
        found: list[Record] = []
        for trade in reversed(self.trades):
            if trade["trade_id"] <= trade_id:
                break
            found.append(trade)
        return found[::-1]

    @property
    def last_ticks(self) -> int:
        """The price of the last trade; 0: none was ever made."""
        last = self.trades[-1] if self.trades else None
        if last is not None and last["time_ms"] >= self.day.last_time_ms:
            return int(last["price_ticks"])
        return self.day.last_ticks


class Markets:
    """All symbols; a symbol that is no instrument any more is left out."""

    def __init__(self, settings: GatewaySettings, instruments: Mapping[str, Instrument]) -> None:
        self.by_symbol = {
            symbol: SymbolMarket(
                instrument, trades=settings.kept_trades, candles=settings.kept_candles
            )
            for symbol, instrument in instruments.items()
        }
        self._times_ms: dict[int, int] = {}
        """By partition of ``trades``, how far time has come behind what was traded."""

    def now_ms(self, market: SymbolMarket) -> int:
        """The time as its log has it: the clock's last tick, or what was told after it.

        Windows end by the log's time, which stands still with the exchange, and is a recording's in
        a replay.  Where no log has told any time it is the clock's.
        """
        time_ms = self._times_ms.get(market.partition)
        if time_ms is None:
            time_ms = max(self._times_ms.values(), default=0)
        return max(time_ms, market.book.time_ms, market.day.last_time_ms) or now_ms()

    def listen(self, hub: Hub) -> None:
        """Follow the topics of market data, and the rows with symbols' states."""
        hub.on(ORDERBOOK_SNAPSHOTS.name, "DepthSnapshot", self._on_snapshot)
        hub.on(ORDERBOOK_UPDATES.name, "DepthUpdate", self._on_update)
        hub.on(TRADES.name, "Trade", self._on_trade)
        hub.on(TRADES.name, "Tick", self._on_tick)
        hub.on(CANDLES.name, "Candle", self._on_candle)
        hub.on(TICKERS.name, "Ticker", self._on_ticker)
        hub.on(MATCHING_BOOK.name, "SymbolRow", self._on_symbol)

    def _told_of(self, received: Received) -> SymbolMarket | None:
        market = self.by_symbol.get(received.record["symbol"])
        if market is not None:
            market.partition = received.partition
        return market

    def _on_snapshot(self, received: Received) -> None:
        market = self._told_of(received)
        if market is not None:
            market.book.restore(received.record)

    def _on_update(self, received: Received) -> None:
        market = self._told_of(received)
        if market is not None:
            market.book.apply(received.record)

    def _on_trade(self, received: Received) -> None:
        market = self._told_of(received)
        if market is not None:
            market.add_trade(received.record)

    def _on_tick(self, received: Received) -> None:
        known_ms = self._times_ms.get(received.partition, 0)
        self._times_ms[received.partition] = max(known_ms, received.record["time_ms"])

    def _on_candle(self, received: Received) -> None:
        market = self._told_of(received)
        if market is not None:
            market.candle_series(received.record["interval"]).put(received.record)

    def _on_ticker(self, received: Received) -> None:
        market = self._told_of(received)
        if market is not None:
            market.set_ticker(received.record)

    def _on_symbol(self, received: Received) -> None:
        market = self._told_of(received)
        if market is not None:
            market.set_status(received.record["status"])
