"""The gateway's figures, for Prometheus."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_PREFIX = "tradeflow_gateway_"
_ANSWER_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_ROUND_TRIP_SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)


class Metrics:
    """All of one process; ``text`` is what /metrics shows."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._requests = Counter(
            f"{_PREFIX}requests",
            "Requests answered; the status is 0 where none could be sent.",
            ("method", "endpoint", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            f"{_PREFIX}request_seconds",
            "From a request's head to the end of its answer.",
            ("method", "endpoint"),
            registry=registry,
            buckets=_ANSWER_SECONDS,
        )
        self._refusals = Counter(
            f"{_PREFIX}limit_refusals",
            "Requests refused, by the limit that they passed.",
            ("limit",),
            registry=registry,
        )
        self._websockets = Gauge(
            f"{_PREFIX}websocket_connections",
            "WebSockets that are open.",
            ("kind",),
            registry=registry,
        )
        self.redis_seconds = Histogram(
            f"{_PREFIX}limit_redis_seconds",
            "Round trips to count what clients use; many requests may share one.",
            registry=registry,
            buckets=_ROUND_TRIP_SECONDS,
        )
        self.redis_fall_backs = Counter(
            f"{_PREFIX}limit_redis_fall_backs",
            "How often Redis went away, and use was counted here alone.",
            registry=registry,
        )
        # Looking a child up by its labels costs more than counting.
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """A request was answered; ``endpoint`` is a route, not an address."""
        known = self._known.get((method, endpoint, status))
        if known is None:
            known = self._known[method, endpoint, status] = (
                self._requests.labels(method, endpoint, str(status)),
                self._seconds.labels(method, endpoint),
            )
        known[0].inc()
        known[1].observe(seconds)

    def refused(self, limit: str) -> None:
        """A request was refused by this limit."""
        self._refusals.labels(limit).inc()

    @contextmanager
    def websocket(self, kind: str) -> Iterator[None]:
        """A WebSocket is open while this lasts."""
        gauge = self._websockets.labels(kind)
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Show what ``read`` gives whenever somebody looks."""
        Gauge(f"{_PREFIX}{name}", text, registry=self.registry).set_function(read)

    def lag(self, read: Callable[[], Mapping[tuple[str, int], int]]) -> None:
        """Show by topic and partition what ``read`` gives whenever somebody looks."""
        self.registry.register(_Lag(read))

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)


class _Lag(Collector):
    def __init__(self, read: Callable[[], Mapping[tuple[str, int], int]]) -> None:
        self._read = read

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            f"{_PREFIX}feed_lag",
            "Records between what the gateway has read and the end of the log.",
            labels=("topic", "partition"),
        )
        for (topic, partition), records in self._read().items():
            family.add_metric((topic, str(partition)), records)
        yield family
