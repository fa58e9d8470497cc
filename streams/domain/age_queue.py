"""Keys in the order of their times: which of them are too old, or too many."""

from collections import deque
from collections.abc import Iterable


class AgeQueue:
    """Keys that are kept for so long, and so many of them; the oldest go first.

    Those of one millisecond go together: what is forgotten then does not depend on the order in
    which they came, which a restored state no longer knows.  Those of the latest one stay, however
    many.
    """

    __slots__ = ("kept_ms", "limit", "_queue")

    def __init__(self, *, kept_ms: int, limit: int) -> None:
        self.kept_ms = kept_ms
        self.limit = limit
        self._queue: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, time_ms: int, key: str) -> None:
        """Add a key whose time is not before that of any other."""
        self._queue.append((time_ms, key))

    def load(self, keys: Iterable[tuple[int, str]]) -> None:
        """Take (time, key) pairs in any order in place of what is there."""
        self._queue = deque(sorted(keys))

    def take_old(self, now_ms: int) -> list[str]:
        """Remove and give the keys that are too old at a time, or too many."""
        queue = self._queue
        last_ms = now_ms - self.kept_ms
        old: list[str] = []
        while queue and queue[0][0] <= last_ms:
            old.append(queue.popleft()[1])
        while len(queue) > self.limit and queue[0][0] != queue[-1][0]:
            first_ms = queue[0][0]
            while queue and queue[0][0] == first_ms:
                old.append(queue.popleft()[1])
        return old
