"""A connector's metrics, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BREAKER = {"closed": 0, "half-open": 1, "open": 2}


class Metrics:
    """All of one process; ``registry`` is what /metrics shows."""

    def __init__(self, sink: str) -> None:
        self.registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(
                f"tradeflow_connector_{name}", text, ("sink", *labels), registry=registry
            )

        self._sink = sink
        self._records = counter("records", "Records read and done with.", "topic")
        self._undecodable = counter("undecodable", "Records that are none.", "topic")
        self._refused = counter("refused", "Records that the store can never hold.", "topic")
        self.rows = counter("rows", "Rows, keys or documents written.").labels(sink)
        self.errors = counter("store_errors", "Calls that the store failed.").labels(sink)
        self.retries = counter("retries", "Calls tried again.").labels(sink)
        self.fenced = counter("fenced", "Batches that another process had written.").labels(sink)
        self.rebalances = counter("rebalances", "Changes of what is read.").labels(sink)
        self.batch_seconds = Histogram(
            "tradeflow_connector_batch_seconds",
            "Time to write a batch, tries that failed included.",
            ("sink",),
            registry=registry,
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
        ).labels(sink)
        self._lag = Gauge(
            "tradeflow_connector_lag",
            "Records between what the store has and the end of the log.",
            ("sink", "topic", "partition"),
            registry=registry,
        )
        self._breaker = Gauge(
            "tradeflow_connector_breaker_state",
            "0: closed, 1: half open, 2: open.",
            ("sink",),
            registry=registry,
        ).labels(sink)

    def records(self, topic: str, count: int) -> None:
        """So many records of a topic are done with."""
        self._records.labels(self._sink, topic).inc(count)

    def undecodable(self, topic: str) -> None:
        """A record could not be decoded."""
        self._undecodable.labels(self._sink, topic).inc()

    def refused(self, topic: str) -> None:
        """The store refused a record for good."""
        self._refused.labels(self._sink, topic).inc()

    def lag(self, topic: str, partition: int, count: int) -> None:
        """So many records of a partition are still to come."""
        self._lag.labels(self._sink, topic, str(partition)).set(count)

    def forget_lags(self) -> None:
        """Partitions are read by somebody else from here on."""
        self._lag.clear()

    def breaker(self, state: str) -> None:
        """The breaker is closed, half-open or open."""
        self._breaker.set(_BREAKER[state])
