"""A symbol's book and last trades, read from the log and followed."""

from collections import deque

from rich.console import RenderableType

from schemas.codec import DecodeError, decode
from schemas.instruments import Instrument
from schemas.partitioning import partition_of
from schemas.records import Trade
from schemas.topics import ORDERBOOK_UPDATES, TRADES
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, TopicReader, Topics
from tradeflow.views.book_view import render_book
from tradeflow.views.depth_book import DepthBook, DepthGapError


class LiveBook:
    """Reads the one partition of depth updates, and of trades, that the symbol is in."""

    def __init__(self, bootstrap: str, instrument: Instrument, *, levels: int) -> None:
        self._instrument = instrument
        self._levels = levels
        self._key = instrument.symbol.encode()
        topics = Topics(bootstrap)
        partitions = [
            Partition(name, partition_of(self._key, len(topics.partitions(name))))
            for name in (ORDERBOOK_UPDATES.name, TRADES.name)
        ]
        starts = topics.starts(partitions)
        # Where the log's beginning is gone the book is what changed since.
        self._book = DepthBook(instrument.symbol, joins_late=starts[partitions[0]] > 0)
        self._trades: deque[Trade] = deque(maxlen=2 * levels)
        self._reader = TopicReader(bootstrap, starts)

    def catch_up(self) -> None:
        """Read to the present end of the log."""
        while not self._reader.at_end():
            self.read(1.0)

    def read(self, timeout_seconds: float) -> bool:
        """Take in what comes within the time; whether there was anything of this symbol."""
        changed = False
        for record in self._reader.read(timeout_seconds):
            if record.key == self._key and record.value is not None:
                changed |= self._take(record.value, record.position)
        return changed

    def picture(self) -> RenderableType:
        """The book and its trades as they stand."""
        return render_book(
            self._instrument.symbol,
            self._book.bids(self._levels),
            self._book.asks(self._levels),
            list(self._trades),
            self._instrument,
            levels=self._levels,
        )

    def close(self) -> None:
        self._reader.close()

    def _take(self, value: bytes, position: str) -> bool:
        try:
            name, record = decode(value)
            if name == "Trade":
                self._trades.append(record)  # type: ignore[arg-type]
                return True
            return name == "DepthUpdate" and self._book.apply(record)  # type: ignore[arg-type]
        except (DecodeError, DepthGapError) as error:
            raise TradeflowError(
                f"The book cannot be shown: at {position}: {error}",
                remedy="tradeflow check says what is wrong with the log.",
            ) from error
