"""How many messages a client may send."""

from collections import deque

_WINDOW_SECONDS = 1.0


class Pace:
    """So many messages in any second; 0: as many as it likes."""

    __slots__ = ("_limit", "_times")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[float] = deque(maxlen=limit)

    def is_kept(self, now_seconds: float) -> bool:
        """Count a message; False: it is one too many."""
        if not self._limit:
            return True
        times = self._times
        if len(times) == self._limit and now_seconds - times[0] < _WINDOW_SECONDS:
            return False
        times.append(now_seconds)
        return True
