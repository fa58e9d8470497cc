"""Which Redis, and how much is kept there."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis.connection import parse_url


class RedisSettings(BaseSettings):
    """The Redis sink's settings; each can be given as TRADEFLOW_REDIS_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_REDIS_", frozen=True)

    # redis://user:password@host:port/database, rediss:// with TLS, unix:///path.
    url: str = "redis://127.0.0.1:6379/0"
    # Stands before every key and channel, for a server that others use too: "tf:".
    key_prefix: str = ""
    # Of each interval; older ones are dropped.
    candles_kept: int = Field(default=1_500, ge=1)
    # What is older when it is written is the past, of a rebuild: nobody is told of it.
    publish_seconds: float = Field(default=60.0, ge=0)
    timeout_seconds: float = Field(default=10.0, gt=0)

    @field_validator("url")
    @classmethod
    def _must_be_understood(cls, url: str) -> str:
        parse_url(url)  # type: ignore[no-untyped-call]
        return url
