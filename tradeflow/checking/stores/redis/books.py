"""Books by their updates alone; and the one case in which a store begins with a snapshot."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tradeflow.checking.stores.redis.texts import Texts

Keys = dict[str, Any]
SIDES = ("bids", "asks")


@dataclass(slots=True)
class Book:
    """Lots by ticks, of each side, after an update."""

    update_id: int = 0
    time_ms: int = 0
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)

    def update(self, record: Any) -> None:
        """Take an update in."""
        for name in SIDES:
            side = getattr(self, name)
            for level in record[name]:
                side.pop(level["price_ticks"], None)
                if level["quantity_lots"]:
                    side[level["price_ticks"]] = level["quantity_lots"]
        self.update_id, self.time_ms = record["last_update_id"], record["time_ms"]


class Books:
    """Of all symbols."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._books: defaultdict[str, Book] = defaultdict(Book)
        self._snapshots: dict[str, Any] = {}

    def update(self, record: Any) -> None:
        """The next update of its book."""
        self._books[record["symbol"]].update(record)

    def snapshot(self, record: Any) -> None:
        """A whole book as it was at some update."""
        self._snapshots[record["symbol"]] = record

    def symbols(self) -> set[str]:
        """Those of which there are updates or snapshots."""
        return {*self._books, *self._snapshots}

    def update_id(self, symbol: str) -> int:
        """How far a book has come; 0: there is none."""
        return self._books[symbol].update_id if symbol in self._books else 0

    def at(self, symbol: str, update_id: int) -> Book:
        """The book where a store has it.

        A store that had none may have begun with a snapshot that is ahead of the updates.
        """
        book = self._books[symbol] if symbol in self._books else Book()
        whole = self._snapshots.get(symbol)
        if whole is None or update_id <= book.update_id or update_id != whole["last_update_id"]:
            return book
        begun = Book()
        begun.update(whole)
        return begun

    def keys(self, symbol: str, update_id: int) -> Keys:
        """Keys and values of a book where a store has it."""
        book = self.at(symbol, update_id)
        if not book.update_id:
            return {}
        name = f"orderbook:{symbol}"
        keys: Keys = {name: {}}
        for side in SIDES:
            levels = getattr(book, side)
            keys[name] |= {self._price(symbol, t): self._lots(symbol, levels[t]) for t in levels}
            keys[f"{name}:{side}"] = {self._price(symbol, ticks): float(ticks) for ticks in levels}
        keys[f"{name}:state"] = {
            "update_id": str(book.update_id),
            "time_ms": str(book.time_ms),
            "needs": "0",
        }
        return keys

    def _price(self, symbol: str, ticks: int) -> str:
        return self._texts.price(symbol, ticks)

    def _lots(self, symbol: str, lots: int) -> str:
        return self._texts.quantity(symbol, lots)
