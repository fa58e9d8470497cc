"""Settings of keys and who uses them; each can be given as TRADEFLOW_AUTH_<NAME>."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class AuthSettings(BaseSettings):
    """Where keys are kept, and for how long what was read of them holds."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_AUTH_", frozen=True, extra="ignore")

    database_url: SecretStr = SecretStr("")
    """mysql://user:password@host:port/database or sqlite:///file; "": ``auth.sqlite`` in
    ``state_dir``.  The database belongs to the gateway alone."""
    state_dir: Path = Path(".tradeflow/gateway")
    master_key: SecretStr = SecretStr("")
    """The key that encrypts all secrets, or several with commas between: the first one encrypts,
    the others still decrypt.  "": they are in ``master_key_file``."""
    master_key_file: Path | None = None
    """None: ``master.key`` in ``state_dir``.  It is made at the first start."""
    fresh_seconds: float = Field(default=5.0, gt=0, le=3_600)
    """A revoked key works for at most so long, in every gateway whose database answers."""
    kept_keys: int = Field(default=10_000, ge=1)
    """So many keys go on while the database is away: those that were used last."""
    answer_seconds: float = Field(default=1.0, gt=0)
    """How long a request waits for the database; after that the database is away."""
    retry_seconds: float = Field(default=1.0, gt=0)
    """How often a database that is away is asked again."""

    @property
    def url(self) -> str:
        """The database's URL, never empty."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.state_dir / 'auth.sqlite'}"

    @property
    def key_file(self) -> Path:
        """The file of the master key."""
        return self.master_key_file or self.state_dir / "master.key"
