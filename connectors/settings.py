"""Settings of every connector; each can be given as TRADEFLOW_CONNECT_<NAME>."""

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConnectorSettings(BaseSettings):
    """What is the same for all stores."""

    model_config = SettingsConfigDict(
        env_prefix="TRADEFLOW_CONNECT_", frozen=True, populate_by_name=True, extra="ignore"
    )

    # Named as everywhere, not after this prefix.
    broker: str = Field(default="127.0.0.1:9092", validation_alias="BROKER")
    instruments: Path | None = Field(default=None, validation_alias="TRADEFLOW_INSTRUMENTS")
    """A JSON file of instruments; None: the default set."""
    batch_records: int = Field(default=2_000, ge=1, le=100_000)
    """A batch is written when it has so many records,"""
    linger_ms: int = Field(default=50, ge=0, le=60_000)
    """or when its first one has waited so long."""
    queue_kbytes: int = Field(default=32 * 1024, ge=64)
    """How much is read ahead: the most that a connector keeps while its store is slow or away."""
    session_timeout_ms: int = Field(default=6_000, ge=1_000)
    """After so long without a sign of life other processes take a connector's partitions over."""
    retry_max_seconds: float = Field(default=2.0, gt=0)
    """Longest pause between two tries while the store is down."""
    breaker_failures: int = Field(default=3, ge=1)
    """After so many failures in a row the store is left alone"""
    breaker_reset_seconds: float = Field(default=3.0, gt=0)
    """for so long; then one try decides."""
    web_host: str = "127.0.0.1"
    web_port: int | None = Field(default=0, ge=0, le=65_535)
    """Of /health and /metrics; 0: any free one, None: no web server."""

    def consumer(self, group: str) -> dict[str, Any]:
        """Settings of the group's consumer."""
        return {
            **self.client(group),
            "group.id": group,
            "session.timeout.ms": self.session_timeout_ms,
            "heartbeat.interval.ms": max(100, self.session_timeout_ms // 10),
            "partition.assignment.strategy": "roundrobin",
            "isolation.level": "read_committed",
            # The store says where to go on; offsets are written for tools that show lag.
            "enable.auto.commit": False,
            # An offset that the log no longer has must not be skipped over in silence.
            "auto.offset.reset": "error",
            # Ends are told apart from records that are only slow to come.
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 100,
            "fetch.queue.backoff.ms": 10,
            "queued.max.messages.kbytes": self.queue_kbytes,
            "topic.metadata.refresh.interval.ms": 30_000,
        }

    def client(self, name: str) -> dict[str, Any]:
        """Settings of every client of the broker."""
        return {
            "bootstrap.servers": self.broker,
            "client.id": name,
            # A restarted broker is found again quickly; the default backs off to 10 s.
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
        }
