"""Settings of the transport, and the two profiles: low latency and throughput."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Profile = Literal["low-latency", "throughput"]

# The throughput profile waits for full fetches; its figures are the ones a Kafka consumer is
# usually tuned to (10 kB, 500 ms, 45 s).
_FETCH: Mapping[Profile, Mapping[str, Any]] = {
    "low-latency": {"fetch.min.bytes": 1, "fetch.wait.max.ms": 500},
    "throughput": {"fetch.min.bytes": 10_240, "fetch.wait.max.ms": 500},
}
_SESSION_TIMEOUT_MS: Mapping[Profile, int] = {"low-latency": 10_000, "throughput": 45_000}
# linger costs a single record nothing: the end of a transaction flushes at once.
_LINGER_MS: Mapping[Profile, int] = {"low-latency": 1, "throughput": 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSettings:
    """How one worker talks to Kafka.

    ``slot`` numbers the workers of a group: it gives the worker a stable ``group.instance.id``
    and stable ``transactional.id``s, so that a restarted one gets its partitions back and ends
    what its predecessor left open.  Times are in ms unless the name says seconds.
    """

    bootstrap: str
    group: str
    slot: int = 0
    profile: Profile = "low-latency"
    partitions: int = 4
    """Partitions of every topic that this worker creates; existing ones must have as many."""
    replication: int = 1
    round_max_records: int = 2_000
    """The most records that one transaction takes in."""
    unhurried_ms: int = 25
    """How long records that are not urgent (``App(is_urgent=…)``) wait for others to go with."""
    session_timeout_ms: int | None = None
    transaction_timeout_ms: int = 10_000
    compression: str = "lz4"
    max_message_bytes: int = 1_048_588
    """The largest record an input topic takes; outputs may be twice that (dead letters)."""
    broker_wait_seconds: float = 30.0
    """How long to wait at start for a broker that does not answer yet."""
    leave_on_stop: bool = True
    """Give the partitions up on a clean stop; else they wait for this slot to come back."""
    state_dir: Path = Path(".tradeflow/workers")
    """Where the slot's lock and its record of faults live."""
    max_faults: int = 5
    """Faults at one record before the worker stops for good."""
    web_host: str = "127.0.0.1"
    web_port: int | None = None
    """Port of /health and /metrics; 0 picks a free one, None serves nothing."""
    extra_consumer: Mapping[str, Any] = field(default_factory=dict)
    extra_producer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dead_letter_topic(self) -> str:
        """Where the group puts inputs that it could not understand."""
        return f"{self.group}.dead-letters"

    @property
    def member(self) -> str:
        """The worker's name in its group."""
        return f"{self.group}-{self.slot}"

    def common(self) -> dict[str, Any]:
        """Settings of every librdkafka client of this worker."""
        return {
            "bootstrap.servers": self.bootstrap,
            "client.id": self.member,
            # A restarted broker is found again quickly; the default backs off to 10 s.
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
        }

    def consumer(self) -> dict[str, Any]:
        """Settings of the group consumer."""
        timeout = self.session_timeout_ms or _SESSION_TIMEOUT_MS[self.profile]
        return {
            **self.common(),
            **_FETCH[self.profile],
            "group.id": self.group,
            "group.instance.id": self.member,
            "session.timeout.ms": timeout,
            "heartbeat.interval.ms": max(100, timeout // 10),
            "partition.assignment.strategy": "range",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            # An offset that the log no longer has must not be skipped over in silence; where a
            # group has none yet, the reader begins at the beginning by itself.
            "auto.offset.reset": "error",
            # A full local queue is looked at again soon, not after the default second.
            "fetch.queue.backoff.ms": 10,
            **self.extra_consumer,
        }

    def restorer(self) -> dict[str, Any]:
        """Settings of the consumer that reads changelogs; it joins no group."""
        return {
            **self.common(),
            "group.id": f"{self.group}-restore",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            # The end is only told by a fetch that finds nothing more: do not let it wait.
            "fetch.wait.max.ms": 5,
            "queued.min.messages": 1_000_000,
            "fetch.message.max.bytes": 8_388_608,
            "fetch.queue.backoff.ms": 10,
        }

    def producer(self, turn: int = 0) -> dict[str, Any]:
        """Settings of the slot's transactional producer number ``turn``."""
        return {
            **self.common(),
            "transactional.id": f"{self.member}.{turn}",
            "transaction.timeout.ms": self.transaction_timeout_ms,
            # The Java client's partitioner: a key has one partition, whoever produces it.
            "partitioner": "murmur2_random",
            "linger.ms": _LINGER_MS[self.profile],
            # While the last transaction's markers are written the coordinator says «not yet»;
            # waiting the default 100 ms for each would be the whole latency.
            "retry.backoff.ms": 1,
            "retry.backoff.max.ms": 100,
            "compression.type": self.compression,
            "delivery.report.only.error": True,
            "message.max.bytes": 2 * self.max_message_bytes,
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 1_048_576,
            **self.extra_producer,
        }
