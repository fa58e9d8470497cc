"""How far the log's time has come for each symbol's trades."""

from schemas.topics import CANDLES, TRADES
from web.feed.hub import Hub
from web.feed.record import Received


class TradesTime:
    """The time up to which a symbol's trades are known: all that were before it have been read.

    Matching sends ticks of the clock on to ``trades``, behind what was traded before them, so time
    goes on where nothing is traded.
    """

    def __init__(self) -> None:
        self._ticked: dict[int, int] = {}
        """The last tick of each partition."""
        self._traded: dict[str, int] = {}
        """The last trade of each symbol."""
        self._partitions: dict[str, int] = {}

    def at(self, symbol: str) -> int:
        """Milliseconds since the epoch; 0: nothing is known of the symbol."""
        ticked = self._ticked.get(self._partitions.get(symbol, -1), 0)
        return max(ticked, self._traded.get(symbol, 0))

    def last_trade(self, symbol: str) -> int:
        """When the symbol was traded last, as far as trades have been read; 0: never."""
        return self._traded.get(symbol, 0)

    def listen(self, hub: Hub) -> None:
        """Follow trades and ticks."""
        hub.on(TRADES.name, "Trade", self._on_trade)
        hub.on(TRADES.name, "Tick", self._on_tick)
        # A candle is on the partition of its symbol's trades.
        hub.on(CANDLES.name, "Candle", self._on_candle)

    def _on_trade(self, received: Received) -> None:
        symbol = received.record["symbol"]
        self._partitions[symbol] = received.partition
        self._traded[symbol] = received.record["time_ms"]

    def _on_tick(self, received: Received) -> None:
        known = self._ticked.get(received.partition, 0)
        self._ticked[received.partition] = max(known, received.record["time_ms"])

    def _on_candle(self, received: Received) -> None:
        self._partitions.setdefault(received.record["symbol"], received.partition)
