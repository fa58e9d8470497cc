"""Every symbol's book, last trades, candles and ticker."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import CANDLES, ORDERBOOK_SNAPSHOTS, ORDERBOOK_UPDATES, TICKERS, TRADES
from web.feed.hub import Hub
from web.feed.record import Received
from web.settings import GatewaySettings
from web.state.book import LocalBook

Record = dict[str, Any]


class CandleSeries:
    """The newest candles of a symbol and an interval, in order of their opening."""

    __slots__ = ("_by_opening", "_kept")

    def __init__(self, kept: int) -> None:
        self._by_opening: dict[int, Record] = {}
        self._kept = kept

    def put(self, candle: Record) -> None:
        """A candle, open or closed, in place of what was told of its window before."""
        known = self._by_opening
        opening = candle["open_time_ms"]
        if opening not in known and known and opening < next(reversed(known)):
            # The log is compacted: a window told again moves behind younger ones.
            known[opening] = candle
            self._by_opening = known = dict(sorted(known.items()))
        else:
            known[opening] = candle
        while len(known) > self._kept:
            del known[next(iter(known))]

    def all(self) -> list[Record]:
        """All that are kept, the oldest first."""
        return list(self._by_opening.values())

    def since(self, opening_ms: int) -> list[Record]:
        """Those whose windows begin at this moment or later, the oldest first."""
        found: list[Record] = []
        for opening in reversed(self._by_opening):
            if opening < opening_ms:
                break
            found.append(self._by_opening[opening])
        return found[::-1]

    def newest(self) -> Record | None:
        """The youngest window."""
        return self._by_opening[next(reversed(self._by_opening))] if self._by_opening else None


class SymbolMarket:
    """What is known of one symbol."""

    __slots__ = ("_kept_candles", "book", "candles", "instrument", "status", "ticker", "trades")

    def __init__(self, instrument: Instrument, *, trades: int, candles: int) -> None:
        self.instrument = instrument
        self.status: str = instrument.status
        self.book = LocalBook()
        self.trades: deque[Record] = deque(maxlen=trades)
        """The newest Trades, the oldest first, by rising ids."""
        self.candles: dict[str, CandleSeries] = {}
        """By interval."""
        self.ticker: Record | None = None
        """The last Ticker; None where nothing was ever traded."""
        self._kept_candles = candles

    def candle_series(self, interval: str) -> CandleSeries:
        """The candles of an interval, perhaps none."""
        series = self.candles.get(interval)
        if series is None:
            series = self.candles[interval] = CandleSeries(self._kept_candles)
        return series


class Markets:
    """All symbols; a symbol that is no instrument any more is left out."""

    def __init__(self, settings: GatewaySettings, instruments: Mapping[str, Instrument]) -> None:
        self.by_symbol = {
            symbol: SymbolMarket(
                instrument, trades=settings.kept_trades, candles=settings.kept_candles
            )
            for symbol, instrument in instruments.items()
        }

    def listen(self, hub: Hub) -> None:
        """Follow the topics of market data."""
        hub.on(ORDERBOOK_SNAPSHOTS.name, "DepthSnapshot", self._on_snapshot)
        hub.on(ORDERBOOK_UPDATES.name, "DepthUpdate", self._on_update)
        hub.on(TRADES.name, "Trade", self._on_trade)
        hub.on(CANDLES.name, "Candle", self._on_candle)
        hub.on(TICKERS.name, "Ticker", self._on_ticker)

    def _on_snapshot(self, received: Received) -> None:
        market = self.by_symbol.get(received.record["symbol"])
        if market is not None:
            market.book.restore(received.record)

    def _on_update(self, received: Received) -> None:
        market = self.by_symbol.get(received.record["symbol"])
        if market is not None:
            market.book.apply(received.record)

    def _on_trade(self, received: Received) -> None:
        trade = received.record
        market = self.by_symbol.get(trade["symbol"])
        if market is not None:
            market.trades.append(trade)

    def _on_candle(self, received: Received) -> None:
        market = self.by_symbol.get(received.record["symbol"])
        if market is not None:
            market.candle_series(received.record["interval"]).put(received.record)

    def _on_ticker(self, received: Received) -> None:
        market = self.by_symbol.get(received.record["symbol"])
        if market is not None:
            market.ticker = received.record
