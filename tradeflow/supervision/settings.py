"""Where `tradeflow up` keeps what it needs while it runs."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess

UP = "up"
SUPERVISOR = "supervisord"


class UpSettings(BaseSettings):
    """Settings of `tradeflow up` and `tradeflow down`; each can be given as TRADEFLOW_UP_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_UP_", frozen=True)

    dir: Path = Path(".tradeflow")
    """Logs and the records of what runs."""


class GatewayAddress(BaseSettings):
    """Where the gateway of `tradeflow up` listens: as the gateway itself is told."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_GATEWAY_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    """0: any free one; so too where nobody has set it and another program has it."""


class RunFolder:
    """The folder of one exchange: who holds the same folder finds the same processes."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.state = self.home / "supervisor"
        self.logs = self.home / "logs"
        self.lock = self.state / "up.lock"
        self.broker_is_ours = self.state / "broker-is-ours"
        self.parts = self.state / "parts.json"
        """What runs and where it answers, for who looks from another terminal."""
        self.demo_key = self.state / "demo-key.json"

    def prepare(self) -> None:
        """Make the folders.

        Raises:
            TradeflowError: they cannot be written to.
        """
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            for folder in (self.state, self.logs):
                probe = folder / ".writable"
                probe.touch()
                probe.unlink()
        except OSError as error:
            raise TradeflowError(
                f"{self.home} cannot be written to: {error.strerror}.",
                remedy="Set TRADEFLOW_UP_DIR to a folder that can.",
            ) from error

    def process(self, name: str) -> RecordedProcess:
        """The process recorded under this name, whether it lives or not."""
        return RecordedProcess(self.state / f"{name}.pid")

    def recorded(self) -> list[str]:
        """The names under which processes were recorded, `up` itself and supervisord first."""
        names = sorted(file.stem for file in self.state.glob("*.pid"))
        return sorted(names, key=lambda name: (name != UP, name != SUPERVISOR))

    def store_is_ours(self, name: str) -> Path:
        """The mark of a store that `up` has started."""
        return self.state / f"{name}-is-ours"

    def log_of(self, name: str) -> Path:
        """The log of the program with this name."""
        return self.logs / f"{name}.log"
