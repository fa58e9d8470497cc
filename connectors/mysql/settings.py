"""Where MySQL is; each setting can be given as TRADEFLOW_MYSQL_<NAME>."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MysqlSettings(BaseSettings):
    """One database, which belongs to the connector alone: readers only read."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_MYSQL_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=3306, ge=1, le=65_535)
    user: str = "tradeflow"
    password: SecretStr = SecretStr("tradeflow")
    database: str = Field(default="tradeflow", pattern=r"^\w{1,64}$")
    connect_timeout_seconds: int = Field(default=3, ge=1)
    answer_timeout_seconds: int = Field(default=30, ge=1)
    """After so long without an answer to a statement the store counts as down."""
    lock_wait_seconds: int = Field(default=5, ge=1)
    """How long a row that somebody else has locked is waited for."""

    idle_seconds: int = Field(default=20, ge=2)
    """The server ends a connection that says nothing for so long, and its transaction with it: a
    process that was stopped in the middle keeps no rows locked from its successor."""

    @property
    def address(self) -> str:
        """host:port."""
        return f"{self.host}:{self.port}"
