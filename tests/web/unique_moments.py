"""Timestamps of which no two are equal: the same request of the same moment is one, sent again."""

import threading
import time

_lock = threading.Lock()
_last = 0


def unique_ms() -> int:
    """Now, or as little later as it must be."""
    global _last
    with _lock:
        _last = max(_last + 1, time.time_ns() // 1_000_000)
        return _last
