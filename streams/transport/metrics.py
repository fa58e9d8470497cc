"""What a worker counts: Prometheus metrics, one registry a worker."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The metrics of one worker; names begin with ``transport_``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.rounds = Counter("transport_rounds", "Rounds committed.", registry=self.registry)
        self.records_in = Counter(
            "transport_records_in", "Records taken in.", ["topic"], registry=self.registry
        )
        self.rows = Counter(
            "transport_rows_written", "Table rows written.", ["table"], registry=self.registry
        )
        self.dead_letters = Counter(
            "transport_dead_letters",
            "Records that became dead letters.",
            ["topic", "reason"],
            registry=self.registry,
        )
        self.rebalances = Counter(
            "transport_rebalances", "Assignments received.", registry=self.registry
        )
        self.round_seconds = Histogram(
            "transport_round_seconds",
            "From the first record taken to the transaction's end.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.transaction_seconds = Histogram(
            "transport_transaction_seconds",
            "Waiting for the transaction: its offsets, its records' delivery and its end.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.lag = Gauge(
            "transport_lag_records",
            "Records not yet taken in.",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.restore_seconds = Gauge(
            "transport_restore_seconds", "Time of the last restore.", registry=self.registry
        )
        self.restored_rows = Counter(
            "transport_restored_rows", "Changelog rows read.", ["table"], registry=self.registry
        )
        self.ready = Gauge(
            "transport_ready", "1 when assigned and restored.", registry=self.registry
        )

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)
