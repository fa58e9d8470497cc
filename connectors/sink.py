"""The contract between the runner and a store.

The runner reads committed records in the order of each partition and hands them over in batches.
A sink writes a batch and the positions behind it so that, whatever is killed and whenever, the
store afterwards holds each record's effect once: together in one transaction where the store has
such, else by writes that change nothing when they come again, and the positions behind them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.event import Event, Place


class StoreDownError(Exception):
    """The store cannot be reached, or cannot write at present: the same batch is tried again.

    The text says in one line what an operator has to do if it does not pass by itself.
    """


class FencedError(Exception):
    """Another process has written behind these positions: this one no longer owns them."""


class RefusedError(Exception):
    """The store can never hold some records of a batch, and nothing of it was written.

    The runner counts and logs these records and hands the rest of the batch over again.
    """

    def __init__(self, reasons: Mapping[str, str]) -> None:
        """``reasons``: why not, by the event's ``position``; never empty."""
        position, reason = next(iter(reasons.items()))
        super().__init__(f"{len(reasons)} records refused, the first at {position}: {reason}")
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order of each partition, and where they leave it."""

    events: Sequence[Event]
    starts: Mapping[Place, int]
    """Of each partition in it: the position that the store must have now; 0: none."""
    ends: Mapping[Place, int]
    """Of each partition in it: the offset behind its last record, which may be no event."""


class Sink(Protocol):
    """A store, as the runner sees it; all calls come from one thread."""

    name: str
    """Names the consumer group, the metrics and the command."""

    topics: tuple[str, ...]
    """What it reads."""

    def connect(self) -> None:
        """Open connections and bring the schema up to date; may be called again after a failure.

        Raises:
            StoreDownError: it cannot be reached, or has not what it needs.
        """

    def positions(self, places: Collection[Place]) -> dict[Place, int]:
        """The offset to go on from in each of these partitions; none: from its beginning.

        Raises:
            StoreDownError: it cannot be reached.
        """

    def write(self, batch: Batch) -> int:
        """Write a batch and its positions; how many rows, keys or documents were written.

        Raises:
            StoreDownError: nothing of it counts as written; the same batch comes again.
            FencedError: the store's positions are not the batch's starts; nothing was written.
            RefusedError: the store can never hold some of its records; nothing was written.
        """

    def clear(self) -> None:
        """Remove all that this sink has written, positions too: for a rebuild.

        An append-only store keeps its records: it forgets the positions alone.

        Raises:
            StoreDownError: it cannot be reached.
        """

    def close(self) -> None:
        """Give connections up; never raises."""
