"""What every embedded server can be told."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

Port = Annotated[int, Field(ge=0, le=65_535)]
Seconds = Annotated[float, Field(gt=0)]


class ServerSettings(BaseSettings):
    """Each server's own class has its defaults, and the prefix of the variables."""

    host: str = "127.0.0.1"
    port: Port
    """0: any free one, chosen at the first start and kept for the next ones."""
    data_dir: Path
    """The server's folder: data, log, process id and address."""
    start_timeout_seconds: Seconds
    stop_timeout_seconds: Seconds

    @classmethod
    def variable(cls, name: str) -> str:
        """The variable that gives this setting."""
        return f"{cls.model_config.get('env_prefix', '')}{name.upper()}"
