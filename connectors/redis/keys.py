"""Every key and channel of the Redis sink, by name.

========================================  ===========  ==========================================
``price:{symbol}``                        string       price of the last trade, decimal text
``ticker:{symbol}``                       hash         last 24 hours and best bid and ask, by
                                                       Binance's field names
``orderbook:{symbol}``                    hash         price → quantity, decimal texts, both sides
``orderbook:{symbol}:bids``, ``…:asks``   sorted set   prices of one side; the score is the price
                                                       in ticks, so bids are read by ZREVRANGE,
                                                       asks by ZRANGE, best first
``orderbook:{symbol}:state``              hash         ``update_id``: how far the book has come;
                                                       ``time_ms``; ``needs``: see below
``orderbook:{symbol}:touched``            hash         price → update id, while ``needs`` is not 0
``ticker:{symbol}:{interval}``            see          candles (``candle_series.py``)
``processed:saga:{uuid}``                 string       "1", for a day after the saga's end
``positions:redis``                       hash         topic/partition → next offset
``symbols:redis``                         set          symbols that have keys here, and
                                                       ``symbol:interval`` where candles are
``candles:redis``                         string       the form in which candles are kept
``cache:{kind}:{symbol}``                 string       what readers have put there (``cache.py``)
========================================  ===========  ==========================================

A price has one quantity: a book is never crossed, so no price is on both sides.  Each changed
level is one field of an HSET, each level that is gone one of an HDEL; nothing is read for it.
Where updates are missing (a log that was cut off), ``needs`` is the id that a snapshot must have
reached to mend the book; until then levels that did not change since may be old.

Channels, with JSON in Binance's words: ``trades:{symbol}``, ``tickers:{symbol}``,
``depth:{symbol}``, ``candles:{symbol}:{interval}``.

The script names keys that it is not told of before, so this is for one server (with replicas), not
for a cluster.
"""

CACHED_KINDS = ("price", "ticker", "orderbook")


class Keys:
    """The names behind a prefix."""

    __slots__ = ("prefix", "positions", "symbols", "candle_form")

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.positions = f"{prefix}positions:redis"
        self.symbols = f"{prefix}symbols:redis"
        self.candle_form = f"{prefix}candles:redis"

    def price(self, symbol: str) -> str:
        """Price of the last trade."""
        return f"{self.prefix}price:{symbol}"

    def ticker(self, symbol: str) -> str:
        """The last 24 hours, and the best bid and ask."""
        return f"{self.prefix}ticker:{symbol}"

    def book(self, symbol: str) -> str:
        """The levels; with ``:bids``, ``:asks``, ``:state`` and ``:touched`` what goes with it."""
        return f"{self.prefix}orderbook:{symbol}"

    def candles(self, symbol: str, interval: str) -> str:
        """Candles of an interval."""
        return f"{self.prefix}ticker:{symbol}:{interval}"

    def saga(self, uuid: str) -> str:
        """That a saga has ended."""
        return f"{self.prefix}processed:saga:{uuid}"

    def cached(self, kind: str, symbol: str) -> str:
        """What a reader has put there; the kinds are CACHED_KINDS."""
        return f"{self.prefix}cache:{kind}:{symbol}"

    def channel(self, kind: str, symbol: str, interval: str = "") -> str:
        """Where updates are told; the kinds are trades, tickers, depth and candles."""
        return f"{self.prefix}{kind}:{symbol}{':' if interval else ''}{interval}"
