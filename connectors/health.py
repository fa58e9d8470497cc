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

    def as_json(self) -> dict[str, Any]:
        """What /health shows."""
        return {
            "sink": self.sink,
            "live": self.is_live,
            "ready": self.is_ready,
            "store": self.store,
            "store_error": self.store_error,
            "breaker": self.breaker,
            "partitions": self.partitions,
            "lag": self.lag,
        }
