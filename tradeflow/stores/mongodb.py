"""A server that speaks MongoDB's protocol, on this machine, with its own data folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tradeflow.embedded import EmbeddedServer, Port, Seconds, ServerSettings
from tradeflow.stores.secantus import server_program

_PROBE_MS = 500


class EmbeddedMongodbSettings(ServerSettings):
    """Each can be given as TRADEFLOW_EMBEDDED_MONGODB_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_EMBEDDED_MONGODB_", frozen=True)

    port: Port = 27017
    data_dir: Path = Path(".tradeflow/mongodb")
    cache_size: str = Field(default="256M", pattern=r"^\d+[MG]$")
    # How many changes a change stream can look back; a monitor that was away longer asks anew.
    # Once there are so many, inserts take twice as long: the server then removes as it inserts.
    oplog_entries: int = Field(default=1_000_000, ge=1_000)
    options: str = ""
    """More options for the server, with spaces between."""
    start_timeout_seconds: Seconds = 30.0
    stop_timeout_seconds: Seconds = 20.0


class EmbeddedMongodb(EmbeddedServer[EmbeddedMongodbSettings]):
    """One server and its data folder; found again by whoever uses the same folder."""

    name = "MongoDB server"
    stem = "server"
    start_command = "tradeflow store start mongodb"

    def __init__(self, settings: EmbeddedMongodbSettings | None = None) -> None:
        super().__init__(settings or EmbeddedMongodbSettings())

    @property
    def url(self) -> str:
        """For clients; it stays the same when the server starts again.

        Raises:
            TradeflowError: it was never started.
        """
        return f"mongodb://{self.address}/?directConnection=true"

    # ----------------------------------------------------------------------------------------------

    @property
    def _shown(self) -> str:
        return self.url

    def _command(self, port: int) -> list[str]:
        settings = self.settings
        command = [str(server_program().absolute()), "--host", settings.host, "--port", str(port)]
        command += ["--storage-path", str(self._home / "data"), "--log-level", "WARNING"]
        command += ["--cache-size", settings.cache_size]
        # At its defaults it loses the last writes in a crash, and keeps 2 GB of log.
        command += ["--sync-on-commit", "--log-file-max", "128MB"]
        command += ["--oplog-max-entries", str(settings.oplog_entries)]
        return command + settings.options.split()

    @contextmanager
    def _probe(self) -> Iterator[Callable[[], bool]]:
        with MongoClient[Any](self.url, serverSelectionTimeoutMS=_PROBE_MS) as client:
            yield lambda: _answers(client)


def _answers(client: MongoClient[Any]) -> bool:
    try:
        client.admin.command("ping")
    except OperationFailure:
        # With --auth it wants to know who asks, and lives.
        return True
    except PyMongoError:
        return False
    return True
