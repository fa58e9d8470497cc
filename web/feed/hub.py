"""Who is told of which records, in which order."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from web.feed.record import Received

Listener = Callable[[Received], None]


class Hub:
    """Hands each record to those who asked for its name on its topic; on the event loop.

    Listeners are called in the order in which they asked, so whoever keeps state asks before those
    who look at it.  They do not wait and do not raise: work that takes long belongs elsewhere.
    """

    def __init__(self) -> None:
        self._listeners: dict[tuple[str, str], list[Listener]] = defaultdict(list)

    def on(self, topic: str, name: str, listener: Listener) -> None:
        """Tell ``listener`` of all records of this name on this topic; "" are deletions."""
        self._listeners[topic, name].append(listener)

    def publish(self, batch: Sequence[Received]) -> None:
        """Hand out a batch in its order."""
        listeners = self._listeners
        for received in batch:
            for listener in listeners.get((received.topic, received.name), ()):
                listener(received)
