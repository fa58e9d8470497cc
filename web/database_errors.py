"""How a database says that it is away, through SQLAlchemy and past it."""

import logging

from sqlalchemy.exc import SQLAlchemyError

DATABASE_ERRORS: tuple[type[Exception], ...]
"""All that reading and writing may raise when the database is away."""

try:
    from _mysql_connector import (  # type: ignore[import-not-found,unused-ignore]
        MySQLInterfaceError,
    )
except ImportError:
    # Without its C extension MySQL's driver raises nothing that SQLAlchemy does not know.
    DATABASE_ERRORS = (SQLAlchemyError,)
else:
    # Commits and rollbacks of the driver let its inner error through.
    DATABASE_ERRORS = (SQLAlchemyError, MySQLInterfaceError)


def log_no_broken_connections() -> None:
    """Let SQLAlchemy throw broken connections away without a traceback.

    Whoever needed one says in a line that the database is away.
    """
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
