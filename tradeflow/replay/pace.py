"""How fast a recording is played."""

from math import inf


class Pace:
    """When recorded moments are due; ``speed`` 1 is as recorded, infinity flat out."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._start: tuple[int, float] | None = None

    def due(self, time_ms: int, now: float) -> float:
        """When, on the clock of ``now`` (seconds), the recorded moment is to be played."""
        if self._speed == inf:
            return now
        if self._start is None:
            self._start = time_ms, now
        first_ms, started = self._start
        return started + (time_ms - first_ms) / 1_000 / self._speed
