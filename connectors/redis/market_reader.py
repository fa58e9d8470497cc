"""Reads what the sink has written: each answer as one moment has it."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import redis

from connectors.redis.keys import Keys

_READ_BOOK = files("connectors.redis").joinpath("book_reader.lua").read_text()


@dataclass(frozen=True, slots=True)
class Book:
    """Levels of a book, price and quantity as decimal texts, best first.

    ``is_whole`` is False where updates were missing and no snapshot has mended it yet.
    """

    update_id: int
    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]
    is_whole: bool = True


class MarketReader:
    """Prices, tickers and books by symbol; None where nothing is known of it.

    Errors are the client's (``redis.RedisError``).
    """

    def __init__(self, client: "redis.Redis", key_prefix: str = "") -> None:
        self._client = client
        self._keys = Keys(key_prefix)
        self._read_book = client.register_script(_READ_BOOK)

    def price(self, symbol: str) -> str | None:
        """Price of the last trade."""
        found: Any = self._client.get(self._keys.price(symbol))
        return None if found is None else text_of(found)

    def ticker(self, symbol: str) -> dict[str, str] | None:
        """The fields of ``ticker_fields.py``."""
        found: Any = self._client.hgetall(self._keys.ticker(symbol))
        return {text_of(name): text_of(value) for name, value in found.items()} or None

    def book(self, symbol: str, levels: int = 1_000) -> Book | None:
        """The best levels of each side."""
        answer: Any = self._read_book(keys=[self._keys.book(symbol)], args=[levels])
        update_id, needs, bids, asks = answer
        if not update_id:
            return None
        return Book(int(update_id), _pairs(bids), _pairs(asks), is_whole=int(needs) == 0)


def _pairs(values: list[Any]) -> tuple[tuple[str, str], ...]:
    texts = [text_of(value) for value in values]
    return tuple(zip(texts[::2], texts[1::2], strict=True))


def text_of(value: bytes | str) -> str:
    """Text, whether or not the client decodes answers."""
    return value.decode() if isinstance(value, bytes) else value
