"""A real MySQL 8 on this machine, for development and tests: one process, its own data folder."""

import os
import pwd
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tradeflow.embedded import EmbeddedServer, Port, Seconds, ServerSettings
from tradeflow.errors import TradeflowError
from tradeflow.stores.mysql_software import mysql_home

_FIRST_WORDS = """\
CREATE DATABASE IF NOT EXISTS `{database}` COLLATE utf8mb4_0900_bin;
CREATE USER IF NOT EXISTS `{user}`@`%` IDENTIFIED BY '{password}';
GRANT ALL ON `{database}`.* TO `{user}`@`%`;
CREATE DATABASE IF NOT EXISTS `{auth_database}` COLLATE utf8mb4_0900_bin;
GRANT ALL ON `{auth_database}`.* TO `{user}`@`%`;
"""


class EmbeddedMysqlSettings(ServerSettings):
    """The embedded server's settings; each can be given as TRADEFLOW_MYSQL_SERVER_<NAME>.

    Whom it lets in is as the connector is told: TRADEFLOW_MYSQL_USER, _PASSWORD and _DATABASE.
    """

    model_config = SettingsConfigDict(
        env_prefix="TRADEFLOW_MYSQL_SERVER_", frozen=True, populate_by_name=True
    )

    port: Port = 3306
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
    start_timeout_seconds: Seconds = 60.0
    stop_timeout_seconds: Seconds = 30.0


class EmbeddedMysql(EmbeddedServer[EmbeddedMysqlSettings]):
    """One server and its data folder; found again by whoever uses the same folder."""

    name = "MySQL"
    stem = "mysql"
    start_command = "tradeflow store start mysql"

    def __init__(self, settings: EmbeddedMysqlSettings | None = None) -> None:
        super().__init__(settings or EmbeddedMysqlSettings())

    @property
    def socket(self) -> Path:
        """Where its administrator, root without a password, logs in from this machine."""
        return self._home / "mysql.sock"

    @property
    def port(self) -> int:
        """Where it listens; the same when it starts again."""
        return int(self.address.rpartition(":")[2])

    # ----------------------------------------------------------------------------------------------

    @property
    def _title(self) -> str:
        return self.name

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def _console(self) -> Path:
        # It writes its log itself.
        return Path(os.devnull)

    @property
    def _runs_in(self) -> None:
        # Its options may name files.
        return None

    def _command(self, port: int) -> list[str]:
        home = mysql_home()
        if not self._data.is_dir():
            self._initialize(home)
        return [
            *self._server(home, self._data),
            f"--port={port}",
            f"--bind-address={self.settings.host}",
            f"--socket={self.socket}",
            f"--pid-file={self._home / 'mysqld.own.pid'}",
            f"--log-error={self.server_log}",
            f"--init-file={self._first_words()}",
            "--mysqlx=OFF",
            "--disable-log-bin",
            "--performance-schema=OFF",
            "--default-time-zone=+00:00",
            "--innodb-buffer-pool-size=128M",
            # A commit that was answered is on the disk.
            "--innodb-flush-log-at-trx-commit=1",
            *self._options(),
        ]

    def _server(self, home: Path, data: Path) -> list[str]:
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
            [*self._server(home, fresh), "--initialize-insecure", *self._options()],
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

    def _first_words(self) -> Path:
        settings = self.settings
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
        return words

    @contextmanager
    def _probe(self) -> Iterator[Callable[[], bool]]:
        # It says so when the first words are carried out and it listens.
        yield lambda: "ready for connections" in self._said()

    def _last_words(self) -> str:
        return _reason(self._said())

    def _said(self) -> str:
        return self.server_log.read_text(errors="replace") if self.server_log.exists() else ""


def _reason(log: str) -> str:
    errors = [line for line in log.splitlines() if "[ERROR]" in line]
    return errors[0].partition("] ")[2] if errors else (log.strip() or "it said nothing.")
