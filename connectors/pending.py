"""Records that were read and are not in the store yet: the next batch."""

import time
from collections import Counter
from collections.abc import Collection

from connectors.event import Event, Place
from connectors.sink import Batch


class Pending:
    """Grows until it is written, or thrown away because somebody else will write it."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._ends: dict[Place, int] = {}
        self._since = 0.0
        self.counts: Counter[str] = Counter()
        """Records by topic, those without an event too."""

    def __len__(self) -> int:
        return self.counts.total()

    def add(self, event: Event) -> None:
        """A record for the store."""
        self._events.append(event)
        self.skip(event.place, event.offset)

    def skip(self, place: Place, offset: int) -> None:
        """A record that has nothing for the store, but whose place is behind it."""
        if not self.counts:
            self._since = time.monotonic()
        self._ends[place] = offset + 1
        self.counts[place.topic] += 1

    def waited(self) -> float:
        """For how many seconds the first record waits."""
        return time.monotonic() - self._since if self.counts else 0.0

    def refuse(self, positions: Collection[str]) -> list[Event]:
        """Take these events out, one at least; their places stay."""
        refused = [event for event in self._events if event.position in positions]
        if not refused:
            raise ValueError(f"refused are {', '.join(positions)}, which are in no batch")
        self._events = [event for event in self._events if event.position not in positions]
        return refused

    def batch(self, positions: dict[Place, int]) -> Batch:
        """All of it, for a store that stands at ``positions``."""
        starts = {place: positions[place] for place in self._ends}
        return Batch(self._events, starts, dict(self._ends))

    def clear(self) -> None:
        """Begin with nothing."""
        # New ones: a batch that was handed out may still be held by the sink.
        self._events = []
        self._ends = {}
        self.counts.clear()
