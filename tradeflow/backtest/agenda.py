"""What is on its way in event time: orders to the exchange, news to the strategy, timers."""

import heapq
from collections.abc import Callable

Action = Callable[[], None]


class Agenda:
    """Actions by their time in ms; of one time, in the order in which they were put."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Action]] = []
        self._put = 0

    def put(self, time_ms: int, action: Action) -> None:
        """Let something happen at a time."""
        self._put += 1
        heapq.heappush(self._waiting, (time_ms, self._put, action))

    def take(self, before_ms: int) -> tuple[int, Action] | None:
        """The next action that is due before a time, with its own; None: there is none."""
        if not self._waiting or self._waiting[0][0] >= before_ms:
            return None
        time_ms, _, action = heapq.heappop(self._waiting)
        return time_ms, action
