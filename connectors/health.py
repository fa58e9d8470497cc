"""How a connector is, as it says itself."""

import time
from dataclasses import dataclass, field
from typing import Any

_LIVE_SECONDS = 60.0


@dataclass(slots=True)
class Health:
    """Written by the runner's thread, read by the web server's."""

    sink: str
    store: str = "unknown"
    """up, down or unknown."""
    store_error: str = ""
    down_since: float | None = None
    """By the monotonic clock; None: it is not down."""
    breaker: str = "closed"
    partitions: int = 0
    lag: int | None = None
    """None: not known yet."""
    is_reading: bool = False
    beat: float = field(default_factory=time.monotonic)

    def beats(self) -> None:
        """The runner goes on."""
        self.beat = time.monotonic()

    @property
    def is_live(self) -> bool:
        """Whether the runner goes on; a store that is down does not stop it."""
        return time.monotonic() - self.beat < _LIVE_SECONDS

    @property
    def is_ready(self) -> bool:
        """Whether records go into the store."""
        return self.is_live and self.is_reading and self.store == "up"

    @property
    def down_seconds(self) -> float:
        """For how long the store has been down."""
        since = self.down_since
        return 0.0 if since is None else time.monotonic() - since

    def as_json(self) -> dict[str, Any]:
        """What /health shows."""
        return {
            "sink": self.sink,
            "live": self.is_live,
            "ready": self.is_ready,
            "store": self.store,
            "store_error": self.store_error,
            "store_down_seconds": round(self.down_seconds, 1),
            "breaker": self.breaker,
            "partitions": self.partitions,
            "lag": self.lag,
        }
