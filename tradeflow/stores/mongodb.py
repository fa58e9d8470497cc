"""A server that speaks MongoDB's protocol, on this machine, with its own data folder."""

import fcntl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tradeflow.broker.ports import free_port
from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess
from tradeflow.stores.secantus import server_program

_PROBE_MS = 500
_POLL_SECONDS = 0.02


class EmbeddedMongodbSettings(BaseSettings):
    """Each can be given as TRADEFLOW_EMBEDDED_MONGODB_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_EMBEDDED_MONGODB_", frozen=True)

    host: str = "127.0.0.1"
    # 0: any free port, chosen at the first start and kept for the next ones.
    port: int = Field(default=27017, ge=0, le=65535)
    data_dir: Path = Path(".tradeflow/mongodb")
    cache_size: str = Field(default="256M", pattern=r"^\d+[MG]$")
    # How many changes a change stream can look back; a monitor that was away longer asks anew.
    # Once there are so many, inserts take twice as long: the server then removes as it inserts.
    oplog_entries: int = Field(default=1_000_000, ge=1_000)
    options: str = ""
    """More options for the server, with spaces between."""
    start_timeout_seconds: float = Field(default=30.0, gt=0)
    stop_timeout_seconds: float = Field(default=20.0, gt=0)


class EmbeddedMongodb:
    """One server and its data folder; found again by whoever uses the same folder."""

    def __init__(self, settings: EmbeddedMongodbSettings | None = None) -> None:
        self.settings = settings or EmbeddedMongodbSettings()
        self._home = self.settings.data_dir.absolute()
        self._process = RecordedProcess(self._home / "server.pid")
        self._address = self._home / "server.address"
        # Kept so that a process which this one started is reaped when it ends.
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def server_log(self) -> Path:
        """What the server says."""
        return self._home / "server.log"

    @property
    def url(self) -> str:
        """For clients; it stays the same when the server starts again.

        Raises:
            TradeflowError: it was never started.
        """
        return f"mongodb://{self.address}/?directConnection=true"

    @property
    def address(self) -> str:
        """host:port; the same when it starts again.

        Raises:
            TradeflowError: it was never started.
        """
        try:
            return self._address.read_text().strip()
        except OSError as error:
            raise TradeflowError(
                f"The MongoDB server in {self._home} was never started.",
                remedy="Start it with: tradeflow store start mongodb",
            ) from error

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it does not run."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        process = self._process.find()
        return None if process is None else process.pid

    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.pid is not None

    def start(self) -> None:
        """Start the server and return when it answers; one that runs already is left alone.

        Raises:
            TradeflowError: that cannot be; it says what to change.
        """
        self._prepare_home()
        with self._only_one_starts():
            try:
                if self.pid is None:
                    self._launch()
                self._wait_until_it_answers()
            except (TradeflowError, KeyboardInterrupt):
                self.stop()
                raise

    def stop(self, on_kill: Callable[[], None] = lambda: None) -> None:
        """Stop the server cleanly; ``on_kill`` is called if it has to be killed in the end."""
        self._process.terminate(timeout_seconds=self.settings.stop_timeout_seconds, on_kill=on_kill)
        self._reap()

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL); its data and pid file stay as they are."""
        self._process.kill()
        self._reap()

    def _prepare_home(self) -> None:
        try:
            (self._home / "data").mkdir(parents=True, exist_ok=True)
            (self._home / "start.lock").touch()
        except OSError as error:
            raise TradeflowError(
                f"The MongoDB server cannot write to its folder {self._home}: {error.strerror}.",
                remedy="Set TRADEFLOW_EMBEDDED_MONGODB_DATA_DIR to a folder that it can write to.",
            ) from error

    @contextmanager
    def _only_one_starts(self) -> Iterator[None]:
        with (self._home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _launch(self) -> None:
        settings = self.settings
        port = free_port(settings.host, preferred=settings.port or self._last_port())
        if settings.port not in (0, port):
            raise TradeflowError(
                f"Port {settings.port} on {settings.host} is taken by another program.",
                remedy="Set TRADEFLOW_EMBEDDED_MONGODB_PORT to another port, or to 0 for any.",
            )
        self._address.write_text(f"{settings.host}:{port}\n")
        command = [str(server_program()), "--host", settings.host, "--port", str(port)]
        command += ["--storage-path", str(self._home / "data"), "--log-level", "WARNING"]
        command += ["--cache-size", settings.cache_size]
        # At its defaults it loses the last writes in a crash, and keeps 2 GB of log.
        command += ["--sync-on-commit", "--log-file-max", "128MB"]
        command += ["--oplog-max-entries", str(settings.oplog_entries), *settings.options.split()]
        with self.server_log.open("wb") as log:
            self._child = subprocess.Popen(
                command,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for the command, not for the server behind it.
                start_new_session=True,
            )
        self._process.record(self._child.pid)

    def _last_port(self) -> int | None:
        try:
            return int(self._address.read_text().rpartition(":")[2])
        except (OSError, ValueError):
            return None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + self.settings.start_timeout_seconds
        with MongoClient[Any](self.url, serverSelectionTimeoutMS=_PROBE_MS) as client:
            while not _answers(client):
                if self.pid is None:
                    raise TradeflowError(
                        f"The MongoDB server ended while it started: {self._last_words()}",
                        remedy=f"Its log: {self.server_log}",
                    )
                if time.monotonic() > deadline:
                    raise TradeflowError(
                        f"The MongoDB server did not answer at {self.url} within"
                        f" {self.settings.start_timeout_seconds:.0f} s.",
                        remedy=f"Its log: {self.server_log}. If the machine is only slow, set"
                        " TRADEFLOW_EMBEDDED_MONGODB_START_TIMEOUT_SECONDS.",
                    )
                time.sleep(_POLL_SECONDS)

    def _last_words(self) -> str:
        lines = self.server_log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing."

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None


def _answers(client: MongoClient[Any]) -> bool:
    try:
        client.admin.command("ping")
    except OperationFailure:
        # With --auth it wants to know who asks, and lives.
        return True
    except PyMongoError:
        return False
    return True
