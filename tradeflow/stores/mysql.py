"""A real MySQL 8 on this machine, for development and tests: one process, its own data folder."""

import fcntl
import os
import pwd
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tradeflow.broker.ports import free_port, require_free
from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess
from tradeflow.stores.mysql_software import mysql_home

_PREFIX = "TRADEFLOW_MYSQL_SERVER_"
_POLL_SECONDS = 0.05
_FIRST_WORDS = """\
CREATE DATABASE IF NOT EXISTS `{database}` COLLATE utf8mb4_0900_bin;
CREATE USER IF NOT EXISTS `{user}`@`%` IDENTIFIED BY '{password}';
GRANT ALL ON `{database}`.* TO `{user}`@`%`;
CREATE DATABASE IF NOT EXISTS `{auth_database}` COLLATE utf8mb4_0900_bin;
GRANT ALL ON `{auth_database}`.* TO `{user}`@`%`;
"""


class EmbeddedMysqlSettings(BaseSettings):
    """The embedded server's settings; each can be given as TRADEFLOW_MYSQL_SERVER_<NAME>.

    Whom it lets in is as the connector is told: TRADEFLOW_MYSQL_USER, _PASSWORD and _DATABASE.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(default=3306, ge=0, le=65_535)
    """0: any free one, chosen at the first start and kept for the next ones."""
    data_dir: Path = Path(".tradeflow/mysql")
    user: str = Field(
        default="tradeflow", pattern=r"^\w{1,32}$", validation_alias="TRADEFLOW_MYSQL_USER"
    )
    password: str = Field(
        default="tradeflow", pattern=r"^[^'\\\n]*$", validation_alias="TRADEFLOW_MYSQL_PASSWORD"
    )
    database: str = Field(
        default="tradeflow", pattern=r"^\w{1,64}$", validation_alias="TRADEFLOW_MYSQL_DATABASE"
    )
    auth_database: str = Field(
        default="tradeflow_auth",
        pattern=r"^\w{1,64}$",
        validation_alias="TRADEFLOW_AUTH_DATABASE",
    )
    """The gateway's own: API keys."""
    options: str = ""
    """More options for mysqld, with spaces between."""
    start_timeout_seconds: float = Field(default=60.0, gt=0)
    stop_timeout_seconds: float = Field(default=30.0, gt=0)


class EmbeddedMysql:
    """One server and its data folder; found again by whoever uses the same folder."""

    def __init__(self, settings: EmbeddedMysqlSettings | None = None) -> None:
        self.settings = settings or EmbeddedMysqlSettings()
        self._home = self.settings.data_dir.absolute()
        self._process = RecordedProcess(self._home / "mysql.pid")
        self._port_file = self._home / "mysql.port"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def server_log(self) -> Path:
        """The server's own log."""
        return self._home / "mysql.log"

    @property
    def socket(self) -> Path:
        """Where its administrator, root without a password, logs in from this machine."""
        return self._home / "mysql.sock"

    @property
    def port(self) -> int:
        """Where it listens; the same when it starts again."""
        try:
            return int(self._port_file.read_text())
        except (OSError, ValueError) as error:
            raise TradeflowError(
                f"The MySQL in {self._home} was never started.",
                remedy="Start it with: tradeflow store start mysql",
            ) from error

    @property
    def address(self) -> str:
        """host:port."""
        return f"{self.settings.host}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Its process id, None when it does not run."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        process = self._process.find()
        return None if process is None else process.pid

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.pid is not None

    def start(self) -> None:
        """Start the server and return when it answers; one that runs already is left alone.

        Raises:
            TradeflowError: that cannot be; it says what to change.
        """
        home = mysql_home()
        self._prepare()
        with self._only_one_starts():
            if self.is_running():
                return
            if not self._data.is_dir():
                self._initialize(home)
            self._launch(home)
            try:
                self._wait_until_it_answers()
            except (TradeflowError, KeyboardInterrupt):
                self.stop()
                raise

    def stop(self, on_kill: Callable[[], None] = lambda: None) -> None:
        """Stop it cleanly; ``on_kill`` is called if it has to be killed in the end."""
        self._process.terminate(timeout_seconds=self.settings.stop_timeout_seconds, on_kill=on_kill)
        self._reap()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL); its data stays as it is."""
        self._process.kill()
        self._reap()

    # ----------------------------------------------------------------------------------------------

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _prepare(self) -> None:
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            (self._home / "start.lock").touch()
        except OSError as error:
            raise TradeflowError(
                f"MySQL cannot write to its folder {self._home}: {error.strerror}.",
                remedy="Set TRADEFLOW_MYSQL_SERVER_DATA_DIR to a folder that it can write to.",
            ) from error

    @contextmanager
    def _only_one_starts(self) -> Iterator[None]:
        with (self._home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _command(self, home: Path, data: Path) -> list[str]:
        return [
            str(home / "bin" / "mysqld"),
            "--no-defaults",
            # As root it wants to be told so.
            f"--user={pwd.getpwuid(os.geteuid()).pw_name}",
            f"--basedir={home}",
            f"--lc-messages-dir={home / 'share'}",
            f"--datadir={data}",
        ]

    def _initialize(self, home: Path) -> None:
        # In a folder beside it, so that a first start which was interrupted is made anew.
        fresh = self._home / "data.new"
        subprocess.run(["rm", "-rf", str(fresh)], check=True)
        done = subprocess.run(
            [*self._command(home, fresh), "--initialize-insecure", *self._options()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace")
            raise TradeflowError(f"MySQL could not make its data folder: {_reason(said)}")
        fresh.rename(self._data)

    def _options(self) -> list[str]:
        return self.settings.options.split()

    def _launch(self, home: Path) -> None:
        settings = self.settings
        remembered = int(self._port_file.read_text()) if self._port_file.exists() else None
        port = settings.port or free_port(settings.host, preferred=remembered)
        if settings.port:
            require_free(
                settings.host, port, host_setting=f"{_PREFIX}HOST", port_setting=f"{_PREFIX}PORT"
            )
        self._port_file.write_text(str(port))
        words = self._home / "first-words.sql"
        words.write_text(
            _FIRST_WORDS.format(
                database=settings.database,
                auth_database=settings.auth_database,
                user=settings.user,
                password=settings.password,
            )
        )
        words.chmod(0o600)
        # What an earlier run said would be taken for this one's.
        self.server_log.unlink(missing_ok=True)
        self._child = subprocess.Popen(
            [
                *self._command(home, self._data),
                f"--port={port}",
                f"--bind-address={settings.host}",
                f"--socket={self.socket}",
                f"--pid-file={self._home / 'mysqld.own.pid'}",
                f"--log-error={self.server_log}",
                f"--init-file={words}",
                "--mysqlx=OFF",
                "--disable-log-bin",
                "--performance-schema=OFF",
                "--default-time-zone=+00:00",
                "--innodb-buffer-pool-size=128M",
                # A commit that was answered is on the disk.
                "--innodb-flush-log-at-trx-commit=1",
                *self._options(),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C in the terminal is for the command, not for the server behind it.
            start_new_session=True,
        )
        self._process.record(self._child.pid)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + self.settings.start_timeout_seconds
        # It says so when the first words are carried out and it listens.
        while "ready for connections" not in self._said():
            if not self.is_running():
                raise TradeflowError(
                    f"MySQL ended while it started: {_reason(self._said())}",
                    remedy=f"Its log: {self.server_log}",
                )
            if time.monotonic() > deadline:
                raise TradeflowError(
                    f"MySQL did not answer within {self.settings.start_timeout_seconds:.0f} s.",
                    remedy=f"Its log: {self.server_log}. If the machine is only slow, set"
                    " TRADEFLOW_MYSQL_SERVER_START_TIMEOUT_SECONDS.",
                )
            time.sleep(_POLL_SECONDS)

    def _said(self) -> str:
        return self.server_log.read_text(errors="replace") if self.server_log.exists() else ""

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None


def _reason(log: str) -> str:
    errors = [line for line in log.splitlines() if "[ERROR]" in line]
    return errors[0].partition("] ")[2] if errors else (log.strip() or "it said nothing.")
