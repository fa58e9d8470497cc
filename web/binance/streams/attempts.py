"""How often an address may connect."""

from collections import deque

_WINDOW_SECONDS = 300.0


class Attempts:
    """So many connections of an address in any five minutes; 0: as many as it likes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: dict[str, deque[float]] = {}
        self._swept = 0.0

    def is_allowed(self, address: str, now_seconds: float) -> bool:
        """Count an attempt; False: it is one too many."""
        if not self._limit:
            return True
        self._sweep(now_seconds)
        times = self._times.setdefault(address, deque(maxlen=self._limit))
        if len(times) == self._limit and now_seconds - times[0] < _WINDOW_SECONDS:
            return False
        times.append(now_seconds)
        return True

    def _sweep(self, now_seconds: float) -> None:
        """Forget, now and then, addresses that have not come for long."""
        if now_seconds - self._swept < _WINDOW_SECONDS:
            return
        self._swept = now_seconds
        for address in [
            address
            for address, times in self._times.items()
            if now_seconds - times[-1] >= _WINDOW_SECONDS
        ]:
            del self._times[address]
