"""Connections to the database, and its schema brought up to date."""

import logging
from pathlib import Path
from typing import Any

import mysql.connector
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connectors.mysql.settings import MysqlSettings

log = logging.getLogger(__name__)

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LOCK_SECONDS = 60


def open_connection(settings: MysqlSettings) -> Any:
    """A connection with no transaction open; raises mysql.connector.Error."""
    return mysql.connector.connect(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password.get_secret_value(),
        database=settings.database,
        connection_timeout=settings.connect_timeout_seconds,
        read_timeout=settings.answer_timeout_seconds,
        write_timeout=settings.answer_timeout_seconds,
        autocommit=False,
        charset="utf8mb4",
        time_zone="+00:00",
        # Strict: what does not fit is an error, never cut.
        sql_mode="STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO",
        init_command=f"SET SESSION innodb_lock_wait_timeout = {settings.lock_wait_seconds}, "
        f"SESSION wait_timeout = {settings.idle_seconds}, "
        # Locks rows that are there and no gaps between them.
        "SESSION transaction_isolation = 'READ-COMMITTED'",
    )


def migrate(settings: MysqlSettings) -> None:
    """Apply the versions of the schema that are missing; raises mysql.connector.Error.

    Several processes may come at once: one does it, the others wait.
    """
    # It tells of its own parts as soon as it is imported.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    engine = create_engine(
        "mysql+mysqlconnector://", creator=lambda: open_connection(settings), poolclass=NullPool
    )
    name = f"{settings.database}.migrations"[-64:]
    try:
        with engine.connect() as connection:
            connection.execute(
                text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": _LOCK_SECONDS}
            )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except DBAPIError as exc:
        if isinstance(exc.orig, mysql.connector.Error):
            raise exc.orig from exc
        raise
    finally:
        engine.dispose()
