"""A clock that tests move."""

import time


class MovedClock:
    """Stands still until it is moved; it begins with a day, so that all windows do."""

    def __init__(self) -> None:
        day_ms = 86_400_000
        # Ahead of the wall clock: what Redis keeps for so long is not over before the test is.
        self.now_ms = (time.time_ns() // 1_000_000 // day_ms + 1) * day_ms

    def __call__(self) -> int:
        return self.now_ms

    def move(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now_ms += int(seconds * 1_000)
