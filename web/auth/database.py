"""The gateway's own database: MySQL, or a SQLite file where there is none."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from tenacity import before_sleep_log, retry, retry_if_exception, stop_after_delay, wait_random

from web.auth.settings import AuthSettings
from web.database_errors import DATABASE_ERRORS, log_no_broken_connections
from web.errors import ConfigError

log = logging.getLogger(__name__)

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK_SECONDS = 4
_SQLITE_WAIT_SECONDS = 10
_MYSQL_PORT = 3306
_IS_WRITING = "is_writing"
_ACTION = "set TRADEFLOW_AUTH_DATABASE_URL to mysql://user:password@host:port/database, or unset it"

_MYSQL_OPTIONS = {
    "connection_timeout": 3,
    "read_timeout": 5,
    "write_timeout": 5,
    "charset": "utf8mb4",
    # Strict: what does not fit is an error, never cut.
    "sql_mode": "STRICT_ALL_TABLES",
}
_NO_SUCH_DATABASE = 1049
_ADVICE = {
    1044: "let its user: CREATE DATABASE {database}; GRANT ALL ON {database}.* TO {user}",
    1045: "see user and password in TRADEFLOW_AUTH_DATABASE_URL",
    _NO_SUCH_DATABASE: "make it: CREATE DATABASE {database}",
}

_NO_ANSWER = "see that it runs, and TRADEFLOW_AUTH_DATABASE_URL"


class DatabaseAwayError(Exception):
    """The database does not answer, or not as it should; the text says which and why."""


class Database:
    """Connections to it; each block is a transaction.  Every method may wait: not for the loop."""

    def __init__(self, settings: AuthSettings) -> None:
        """Make no connection yet.

        Raises:
            ConfigError: the URL is none.
        """
        self._url = _url(settings.url)
        self._engine = _engine(self._url)

    @property
    def address(self) -> str:
        """Where it is, for people."""
        url = self._url
        if url.get_backend_name() == "sqlite":
            return str(url.database)
        return f"MySQL at {url.host}:{url.port or _MYSQL_PORT}/{url.database}"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads; raises DatabaseAwayError."""
        with self._said_clearly(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed at the block's end; raises DatabaseAwayError."""
        with self._said_clearly(), self._engine.connect() as connection:
            connection = connection.execution_options(**{_IS_WRITING: True})
            with connection.begin():
                yield connection

    @contextmanager
    def migrated(self) -> Iterator[Connection]:
        """A transaction in the database as it is to be: made if need be, all versions applied.

        Several processes may come at once: one has the block, the others wait.

        Raises:
            DatabaseAwayError: that cannot be now.
            ConfigError: there is no room for it.
        """
        if self._url.get_backend_name() == "sqlite":
            self._prepare_file()
        else:
            self._make_schema()
        with self._said_clearly(), self._engine.connect() as connection:
            connection = connection.execution_options(**{_IS_WRITING: True})
            with _alone(connection, str(self._url.database)), connection.begin():
                _upgrade(connection)
                yield connection

    def close(self) -> None:
        """Give the connections up."""
        self._engine.dispose()

    # ----------------------------------------------------------------------------------------------

    def _prepare_file(self) -> None:
        file = Path(str(self._url.database))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
        except OSError as error:
            raise ConfigError(
                f"keys cannot be kept in {file}: {error.strerror}",
                action="set TRADEFLOW_AUTH_STATE_DIR to a folder that can be written to",
            ) from error

    def _make_schema(self) -> None:
        name = str(self._url.database)
        try:
            with self.reading():
                return
        except DatabaseAwayError as error:
            if _number(error.__cause__) != _NO_SUCH_DATABASE:
                raise
        server = _engine(self._url.set(database=""))
        try:
            with self._said_clearly(), server.begin() as connection:
                quoted = server.dialect.identifier_preparer.quote_identifier(name)
                connection.execute(text(f"CREATE DATABASE IF NOT EXISTS {quoted}"))
        finally:
            server.dispose()

    @contextmanager
    def _said_clearly(self) -> Iterator[None]:
        try:
            yield
        except DATABASE_ERRORS as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            said = " ".join(str(cause).split())
            advice = _ADVICE.get(_number(error), _NO_ANSWER)
            advice = advice.format(database=self._url.database, user=self._url.username)
            raise DatabaseAwayError(f"{self.address}: {said}: {advice}") from error


def _url(given: str) -> URL:
    try:
        url = make_url(given)
    except ArgumentError:
        # Not shown: it may have a password in it.
        raise ConfigError("TRADEFLOW_AUTH_DATABASE_URL is no URL", action=_ACTION) from None
    kind = url.get_backend_name()
    if kind not in ("mysql", "sqlite"):
        raise ConfigError(f"keys cannot be kept in {kind}", action=_ACTION)
    if not url.database or url.database == ":memory:":
        raise ConfigError("TRADEFLOW_AUTH_DATABASE_URL names no database", action=_ACTION)
    return url.set(drivername="mysql+mysqlconnector") if kind == "mysql" else url


def _engine(url: URL) -> Engine:
    log_no_broken_connections()
    if url.get_backend_name() == "mysql":
        try:
            return create_engine(
                url,
                connect_args=_MYSQL_OPTIONS,
                isolation_level="READ COMMITTED",
                pool_size=2,
                # One that the server gave up meanwhile is made anew, unseen.
                pool_pre_ping=True,
                hide_parameters=True,
            )
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise ConfigError(
                f"keys in MySQL need a package: {error}",
                action="install it with: pip install 'tradeflow[web]'",
            ) from error
    engine = create_engine(
        url, connect_args={"timeout": _SQLITE_WAIT_SECONDS}, hide_parameters=True
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    # Python's module would begin transactions when it likes; we say when.
    connection.isolation_level = None
    _let_readers_go_on(connection)
    connection.execute("PRAGMA synchronous=FULL")


@retry(
    # Where somebody else has begun to write, SQLite does not wait for him here.
    retry=retry_if_exception(lambda error: _sqlite_code(error) == sqlite3.SQLITE_BUSY),
    stop=stop_after_delay(_SQLITE_WAIT_SECONDS),
    wait=wait_random(0.01, 0.1),
    before_sleep=before_sleep_log(log, logging.DEBUG),
    reraise=True,
)
def _let_readers_go_on(connection: Any) -> None:
    """While somebody writes."""
    connection.execute("PRAGMA journal_mode=WAL")


def _sqlite_code(error: BaseException) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    # Above the first byte it says more precisely why.
    return code & 0xFF


def _on_begin(connection: Connection) -> None:
    # A writer waits for his turn before he reads: what he read would be old by then.
    is_writing = connection.get_execution_options().get(_IS_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _upgrade(connection: Connection) -> None:
    # It tells of its own parts as soon as it is imported.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _alone(connection: Connection, name: str) -> Iterator[None]:
    """SQLite has one writer at a time anyway; MySQL ends a transaction at each new table."""
    if connection.dialect.name != "mysql":
        yield
        return
    lock = {"name": f"{name}.migrations"[-64:], "wait": _LOCK_SECONDS}
    if connection.scalar(text("SELECT GET_LOCK(:name, :wait)"), lock) != 1:
        raise DatabaseAwayError("another process is changing its tables: try again")
    connection.commit()
    try:
        yield
    finally:
        connection.scalar(text("SELECT RELEASE_LOCK(:name)"), lock)


def _number(error: BaseException | None) -> int:
    """MySQL's number of an error; 0: it has none."""
    return getattr(getattr(error, "orig", None), "errno", None) or 0
