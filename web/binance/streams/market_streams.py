"""All market streams: made when the first client listens, told by records or by a timer."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from schemas.topics import ORDERBOOK_UPDATES, TRADES
from web.binance.streams.book_streams import (
    UPDATE,
    AllBookTickersStream,
    BookTickerStream,
    DepthStream,
    PartialDepthStream,
)
from web.binance.streams.kline_streams import KlineStream
from web.binance.streams.names import FAST_MS, StreamName, parse_stream
from web.binance.streams.stream import Reads, StateStream, Stream
from web.binance.streams.ticker_streams import (
    MINUTES,
    AveragePriceStream,
    DayTickerStream,
    FullTickerStream,
    MiniTickerStream,
    RollingTickerStream,
    TickerArrayStream,
)
from web.binance.streams.trade_streams import AGGREGATE, TRADE, AggregateTradeStream, TradeStream
from web.binance.streams.windows import Grid
from web.fanout.fanout import Fanout
from web.fanout.message import Message
from web.feed.hub import Hub
from web.feed.record import Received
from web.state.aggregate_trades import Aggregate, AggregateTrades
from web.state.markets import Markets, SymbolMarket
from web.state.trades_time import TradesTime

log = logging.getLogger(__name__)


class MarketStreams:
    """The source of all channels whose names are market streams'; for the event loop."""

    def __init__(
        self, markets: Markets, times: TradesTime, fanout: Fanout, *, kept_candles: int
    ) -> None:
        self._markets = {
            symbol.lower(): market for symbol, market in sorted(markets.by_symbol.items())
        }
        self._times = times
        self._fanout = fanout
        self._kept_candles = kept_candles
        self._streams: dict[str, Stream] = {}
        self._readers: dict[Reads, dict[str, Stream]] = defaultdict(dict)
        self._ticking: dict[int, dict[str, Stream]] = defaultdict(dict)
        """By period."""
        fanout.add_source(self)

    def __len__(self) -> int:
        """How many streams are listened to."""
        return len(self._streams)

    def listen(self, hub: Hub, aggregates: AggregateTrades) -> None:
        """Follow what streams are told by; whoever keeps state has asked before."""
        hub.on(TRADES.name, TRADE, self._on_record)
        hub.on(ORDERBOOK_UPDATES.name, UPDATE, self._on_record)
        aggregates.on_complete(self._on_aggregate)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Have the timer run while the block does."""
        timer = asyncio.create_task(self._run())
        try:
            yield
        finally:
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)

    # --- a source ---------------------------------------------------------------------------------

    def opened(self, name: str) -> None:
        """Make the stream of this name, if it is one."""
        parsed = parse_stream(name)
        stream = None if parsed is None else self._make(parsed)
        if stream is None:
            return
        stream.begin()
        self._streams[name] = stream
        for reads in stream.reads:
            self._readers[reads][name] = stream
        if stream.period_ms:
            self._ticking[stream.period_ms][name] = stream

    def closed(self, name: str) -> None:
        """Drop it."""
        stream = self._streams.pop(name, None)
        if stream is None:
            return
        for reads in stream.reads:
            del self._readers[reads][name]
        if stream.period_ms:
            del self._ticking[stream.period_ms][name]

    def current(self, name: str) -> Iterable[Message]:
        """How things stand on it."""
        stream = self._streams.get(name)
        return () if stream is None else stream.current()

    # --- what streams are told by -----------------------------------------------------------------

    def tick(self, period_ms: int) -> None:
        """Let the streams of a period tell what they have."""
        self._tell(self._ticking[period_ms], lambda stream: stream.tick())

    def _on_record(self, received: Received) -> None:
        readers = self._readers.get((received.name, received.record["symbol"]))
        if readers:
            record = received.record
            self._tell(readers, lambda stream: stream.on_record(record))

    def _on_aggregate(self, aggregate: Aggregate) -> None:
        readers = self._readers.get((AGGREGATE, aggregate.symbol))
        if readers:
            self._tell(readers, lambda stream: stream.on_record(aggregate))

    def _tell(
        self, streams: Mapping[str, Stream], ask: Callable[[Stream], Iterable[Message]]
    ) -> None:
        # Whoever is too slow is closed meanwhile, and the stream with its last listener.
        for name, stream in list(streams.items()):
            try:
                for message in ask(stream):
                    self._fanout.publish(name, message)
            except Exception:
                # A fault of one stream ends neither the others nor what the log is read for.
                log.exception("%s cannot be told", name)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due, ticks = loop.time(), 0
        while True:
            due = max(due + FAST_MS / 1_000, loop.time() - 1)
            await asyncio.sleep(due - loop.time())
            ticks += 1
            for period_ms in list(self._ticking):
                if ticks % (period_ms // FAST_MS) == 0:
                    self.tick(period_ms)

    # --- making -----------------------------------------------------------------------------------

    def _make(self, name: StreamName) -> Stream | None:
        if not name.symbol:
            return self._of_all(name)
        market = self._markets.get(name.symbol)
        return None if market is None else self._of_symbol(name, market)

    def _of_all(self, name: StreamName) -> Stream | None:
        if name.kind == "bookTicker":
            return AllBookTickersStream(name.text, self._markets.values())
        each = [self._ticker(name, market) for market in self._markets.values()]
        return TickerArrayStream(name.text, [one for one in each if one is not None])

    def _of_symbol(self, name: StreamName, market: SymbolMarket) -> Stream | None:
        text, period_ms = name.text, name.period_ms
        match name.kind:
            case "trade":
                return TradeStream(text, market)
            case "aggTrade":
                return AggregateTradeStream(text, market)
            case "kline":
                grid = Grid(name.interval, name.offset_hours)
                return KlineStream(text, market, self._times, grid, period_ms=period_ms)
            case "bookTicker":
                return BookTickerStream(text, market)
            case "depth":
                return DepthStream(text, market, period_ms=period_ms)
            case "partial":
                return PartialDepthStream(text, market, levels=name.levels, period_ms=period_ms)
            case _:
                return self._ticker(name, market)

    def _ticker(self, name: StreamName, market: SymbolMarket) -> StateStream | None:
        match name.kind:
            case "ticker":
                return FullTickerStream(name.text, market)
            case "miniTicker":
                return MiniTickerStream(name.text, market)
            case "avgPrice":
                return AveragePriceStream(name.text, market)
            case "rolling" if name.window == "1d":
                return DayTickerStream(name.text, market)
            case "rolling" if MINUTES[name.window] < self._kept_candles:
                return RollingTickerStream(name.text, market, self._times, size=name.window)
            case _:
                return None
