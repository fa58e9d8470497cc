"""What a batch does to one book: each level once, as the last update left it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.redis.scales import Scale

SNAPSHOT_LEVELS_MAX = 5_000
"""A snapshot has at most so many levels a side: one with so many may have left deeper ones out."""


class BookRun:
    """Updates of one book that follow each other without a gap."""

    __slots__ = ("first_update_id", "last_update_id", "time_ms", "bids", "asks")

    def __init__(self, update: Mapping[str, Any]) -> None:
        self.first_update_id: int = update["first_update_id"]
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.add(update)

    def add(self, update: Mapping[str, Any]) -> None:
        """Take the next update in; later quantities replace earlier ones."""
        self.last_update_id: int = update["last_update_id"]
        self.time_ms: int = update["time_ms"]
        for level in update["bids"]:
            self.bids[level["price_ticks"]] = level["quantity_lots"]
        for level in update["asks"]:
            self.asks[level["price_ticks"]] = level["quantity_lots"]

    def arguments(self, book_key: str, scale: Scale) -> list[str | int]:
        """The script's operation «book»."""
        gone: tuple[list[str | int], list[str | int]] = ([], [])
        ranks: tuple[list[str | int], list[str | int]] = ([], [])
        levels: list[str | int] = []
        for side, changes in enumerate((self.bids, self.asks)):
            for ticks, lots in changes.items():
                price = scale.price(ticks)
                if lots:
                    levels += (price, scale.quantity(lots))
                    ranks[side].extend((ticks, price))
                else:
                    gone[side].append(price)
        lists = (*gone, levels, *ranks)
        return [
            "book", book_key, self.first_update_id, self.last_update_id, self.time_ms,
            *(value for values in lists for value in counted(values)),
        ]  # fmt: skip


class BookChanges:
    """All that a batch says of one book."""

    __slots__ = ("snapshot", "runs")

    def __init__(self) -> None:
        self.snapshot: Mapping[str, Any] | None = None
        self.runs: list[BookRun] = []

    def add(self, update: Mapping[str, Any]) -> None:
        """Take an update in; one that was taken already changes nothing."""
        if self.runs:
            run = self.runs[-1]
            if update["last_update_id"] <= run.last_update_id:
                return
            if update["first_update_id"] == run.last_update_id + 1:
                run.add(update)
                return
        self.runs.append(BookRun(update))

    def add_snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """Take a whole book in; the latest counts."""
        before = self.snapshot
        if before is None or snapshot["last_update_id"] > before["last_update_id"]:
            self.snapshot = snapshot

    def arguments(self, book_key: str, scale: Scale) -> list[str | int]:
        """The script's operations: the updates, then the snapshot, which may mend the book."""
        arguments: list[str | int] = []
        for run in self.runs:
            arguments += run.arguments(book_key, scale)
        if self.snapshot is not None:
            arguments += _snapshot_arguments(self.snapshot, book_key, scale)
        return arguments


def _snapshot_arguments(
    snapshot: Mapping[str, Any], book_key: str, scale: Scale
) -> list[str | int]:
    bids, asks = snapshot["bids"], snapshot["asks"]
    is_cut = max(len(bids), len(asks)) >= SNAPSHOT_LEVELS_MAX
    return [
        "snapshot", book_key, snapshot["last_update_id"], snapshot["time_ms"], int(is_cut),
        *counted(_levels(bids, scale)), *counted(_levels(asks, scale)),
    ]  # fmt: skip


def _levels(levels: Iterable[Mapping[str, int]], scale: Scale) -> list[str | int]:
    texts: list[str | int] = []
    for level in levels:
        ticks = level["price_ticks"]
        texts += (ticks, scale.price(ticks), scale.quantity(level["quantity_lots"]))
    return texts


def counted(values: Sequence[str | int]) -> list[str | int]:
    """A list as the script takes it: its length, then its values."""
    return [len(values), *values]
