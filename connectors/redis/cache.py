"""Cache-aside: what Redis knows, else what a loader finds, kept for a moment.

What the sink writes is read first, and always wins.  Only where it has nothing of a symbol (before
its first trade, or while the store is built anew) the loader is asked, and its answer is kept under
a key of its own, ``cache:{kind}:{symbol}``, with an end.  So a slow loader's old answer can never
stand over a newer one; and when the sink first writes of the symbol, it removes that copy.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

import redis

from connectors.redis.keys import CACHED_KINDS, Keys
from connectors.redis.market_reader import Book, MarketReader, text_of

KEPT_SECONDS = 5


class MarketLoader(Protocol):
    """Where to look when Redis has nothing; None where nothing is known there either."""

    def price(self, symbol: str) -> str | None:
        """Price of the last trade, decimal text."""

    def ticker(self, symbol: str) -> Mapping[str, str] | None:
        """The fields of ``ticker_fields.py``."""

    def book(self, symbol: str) -> Book | None:
        """The best levels of each side."""


class MarketCache:
    """Prices, tickers and books: from Redis, or from the loader where it has none.

    Without Redis there is no cache and the loader is asked each time; its own errors pass through.
    """

    def __init__(
        self,
        client: "redis.Redis",
        loader: MarketLoader,
        *,
        key_prefix: str = "",
        kept_seconds: int = KEPT_SECONDS,
    ) -> None:
        self._client = client
        self._loader = loader
        self._reader = MarketReader(client, key_prefix)
        self._keys = Keys(key_prefix)
        self._kept_seconds = kept_seconds

    def price(self, symbol: str) -> str | None:
        """Price of the last trade, decimal text."""
        try:
            found = self._reader.price(symbol) or self._copy("price", symbol)
        except redis.RedisError:
            return self._loader.price(symbol)
        if found is None:
            found = self._loader.price(symbol)
            self._keep("price", symbol, found)
        return found

    def ticker(self, symbol: str) -> Mapping[str, str] | None:
        """The fields of ``ticker_fields.py``."""
        try:
            found = self._reader.ticker(symbol) or self._copy("ticker", symbol)
        except redis.RedisError:
            return self._loader.ticker(symbol)
        if found is None:
            loaded = self._loader.ticker(symbol)
            found = None if loaded is None else dict(loaded)
            self._keep("ticker", symbol, found)
        return found

    def book(self, symbol: str) -> Book | None:
        """The best levels of each side, at most 1 000; one that is not whole is not taken."""
        try:
            book = self._reader.book(symbol)
            if book is not None and book.is_whole:
                return book
            copy = self._copy("orderbook", symbol)
        except redis.RedisError:
            return self._loader.book(symbol)
        if copy is not None:
            update_id, bids, asks = copy
            return Book(update_id, _levels(bids), _levels(asks))
        book = self._loader.book(symbol)
        self._keep("orderbook", symbol, book and (book.update_id, book.bids, book.asks))
        return book

    def invalidate(self, symbol: str) -> None:
        """Forget what the loader has said of a symbol; the sink does so when it writes of it."""
        self._client.unlink(*(self._keys.cached(kind, symbol) for kind in CACHED_KINDS))

    def _copy(self, kind: str, symbol: str) -> Any:
        found: Any = self._client.get(self._keys.cached(kind, symbol))
        return None if found is None else json.loads(text_of(found))

    def _keep(self, kind: str, symbol: str, value: object) -> None:
        if value is None:
            return
        try:
            key = self._keys.cached(kind, symbol)
            self._client.set(key, json.dumps(value), ex=self._kept_seconds)
        except redis.RedisError:
            # The next one asks the loader again: that is all that is lost.
            return


def _levels(levels: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((price, quantity) for price, quantity in levels)
