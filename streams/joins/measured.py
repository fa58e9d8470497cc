"""What joins count: in the worker's own registry, beside what its transport counts."""

from typing import Any
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter

from streams.transport.metrics import Metrics


class JoinMetrics:
    """The metrics of a worker's joins; names begin with ``join_``."""

    _made: "WeakKeyDictionary[Metrics, JoinMetrics]" = WeakKeyDictionary()

    def __init__(self, registry: CollectorRegistry) -> None:
        self._late = Counter(
            "join_late_records",
            "Records that came when their window and grace were over.",
            ["table"],
            registry=registry,
        )
        self._skipped = Counter(
            "join_skipped_records",
            "Records without a value, or without a row to join.",
            ["table"],
            registry=registry,
        )

    @classmethod
    def of(cls, app: Any) -> "JoinMetrics":
        """Those of an app: its joins share them."""
        made = cls._made.get(app.metrics)
        if made is None:
            made = cls._made[app.metrics] = cls(app.metrics.registry)
        return made

    def count(self, table: str, *, late: int = 0, skipped: int = 0) -> None:
        """Add what a batch brought."""
        if late:
            self._late.labels(table=table).inc(late)
        if skipped:
            self._skipped.labels(table=table).inc(skipped)
