"""Where the audit trail is kept; each setting can be given as TRADEFLOW_MONGODB_<NAME>."""

import socket

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MongodbSettings(BaseSettings):
    """The server, the database, and who writes."""

    model_config = SettingsConfigDict(
        env_prefix="TRADEFLOW_MONGODB_", frozen=True, populate_by_name=True, extra="ignore"
    )

    url: str = "mongodb://127.0.0.1:27017/?directConnection=true"
    database: str = Field(default="tradeflow", pattern=r"^[A-Za-z0-9_-]{1,38}$")
    timeout_ms: int = Field(default=5_000, ge=100)
    """Of finding the server, and of connecting to it; an answer may take six times as long."""
    node_id: str = Field(default_factory=socket.gethostname)
    """Named in each document: the machine whose connector wrote it."""
