"""Settings of the stages' workers; each can be given as TRADEFLOW_<NAME>."""

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.topics import DEFAULT_KEYED_PARTITIONS, MESSAGE_BYTES_MAX
from streams.transport import TransportSettings
from streams.transport.config import Profile


class StreamsSettings(BaseSettings):
    """What every stage's worker is told."""

    model_config = SettingsConfigDict(
        env_prefix="TRADEFLOW_", frozen=True, populate_by_name=True, extra="ignore"
    )

    broker: str = Field(default="127.0.0.1:9092", validation_alias=AliasChoices("broker", "BROKER"))
    partitions: int = Field(default=DEFAULT_KEYED_PARTITIONS, ge=1, le=64)
    profile: Profile = "low-latency"
    round_max_records: int = Field(default=2_000, ge=1)
    session_timeout_ms: int | None = Field(default=None, ge=1_000)
    transaction_timeout_ms: int = Field(default=10_000, ge=1_000)
    saga_timeout_ms: int = Field(default=30_000, ge=1_000)
    """How long a step of a placement may take."""
    candle_grace_ms: int = Field(default=0, ge=0)
    """How long a candle waits for trades that come late.  Matching's come in order, so for none."""
    state_dir: Path = Path(".tradeflow/workers")
    instruments: Path | None = None
    """A JSON file of instruments; None: the default set."""
    web_host: str = "127.0.0.1"
    web_port: int | None = Field(default=0, ge=0, le=65_535)

    def transport(self, *, group: str, slot: int) -> TransportSettings:
        """The transport's settings for one worker of the stage ``group``."""
        return TransportSettings(
            bootstrap=self.broker,
            group=group,
            slot=slot,
            profile=self.profile,
            partitions=self.partitions,
            round_max_records=self.round_max_records,
            session_timeout_ms=self.session_timeout_ms,
            transaction_timeout_ms=self.transaction_timeout_ms,
            max_message_bytes=MESSAGE_BYTES_MAX,
            state_dir=self.state_dir,
            web_host=self.web_host,
            web_port=self.web_port,
        )
