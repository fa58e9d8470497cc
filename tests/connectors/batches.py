"""Batches out of events, as the runner makes them, and stores that sinks are tested with."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from connectors.event import Event, Place
from connectors.sink import Batch, Sink


class StoreUnderTest(Protocol):
    """A real store, as the contract's tests see it."""

    def sink(self) -> Sink:
        """A new sink into it, not connected yet."""

    def content(self) -> dict[str, list[Any]]:
        """All that is in it but positions, in an order that content alone decides."""


class Feeder:
    """Does what the runner does, one batch at a time; goes on from where the store stands."""

    def __init__(self, sink: Sink, events: Sequence[Event]) -> None:
        self.sink = sink
        self._events = events
        self.positions: dict[Place, int] = {}
        sink.connect()
        self.look()

    def look(self) -> None:
        """Take the store's positions."""
        places = {event.place for event in self._events}
        known = self.sink.positions(places)
        self.positions = {place: known.get(place, 0) for place in places}

    def batches(self, size: int) -> Iterator[Batch]:
        """What is still to be written, each batch from where the one before it ended."""
        left = [each for each in self._events if each.offset >= self.positions[each.place]]
        for events in batched_events(left, size):
            yield self.batch(events)

    def batch(self, events: Sequence[Event]) -> Batch:
        """These events, from where the store stands."""
        ends = {event.place: event.offset + 1 for event in events}
        return Batch(events, {place: self.positions[place] for place in ends}, ends)

    def write(self, batch: Batch) -> int:
        """Write it and go on from its end."""
        rows = self.sink.write(batch)
        self.positions |= batch.ends
        return rows

    def feed(self, size: int) -> int:
        """Write all that is left; how many rows."""
        return sum(self.write(batch) for batch in self.batches(size))


def batched_events(events: Iterable[Event], size: int) -> Iterator[tuple[Event, ...]]:
    """Events in runs of this size."""
    left = iter(events)
    while run := tuple(islice(left, size)):
        yield run
