"""What MySQL's errors mean for an operator."""

from collections.abc import Iterator
from contextlib import contextmanager

from mysql.connector import (
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    errorcode,
)
from mysql.connector.errors import get_mysql_exception

from connectors.mysql.settings import MysqlSettings
from connectors.sink import StoreDownError

try:
    from _mysql_connector import (  # type: ignore[import-not-found,unused-ignore]
        MySQLInterfaceError,
    )
except ImportError:
    # Without its C extension the driver raises nothing else.
    MySQLInterfaceError = InterfaceError

PASSING = frozenset({errorcode.ER_LOCK_DEADLOCK})
"""Two transactions were in each other's way: the same again, at once."""

DATA = frozenset(
    {
        errorcode.ER_DATA_TOO_LONG,
        errorcode.ER_WARN_DATA_OUT_OF_RANGE,
        errorcode.ER_TRUNCATED_WRONG_VALUE,
        errorcode.ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
        errorcode.WARN_DATA_TRUNCATED,
        errorcode.ER_BAD_NULL_ERROR,
        errorcode.ER_CHECK_CONSTRAINT_VIOLATED,
        errorcode.ER_INVALID_JSON_TEXT,
    }
)
"""A value is in the way, and will be."""

_GRANTS = frozenset(
    {
        errorcode.ER_DBACCESS_DENIED_ERROR,
        errorcode.ER_TABLEACCESS_DENIED_ERROR,
        errorcode.ER_COLUMNACCESS_DENIED_ERROR,
        errorcode.ER_SPECIFIC_ACCESS_DENIED_ERROR,
        errorcode.ER_PROCACCESS_DENIED_ERROR,
    }
)
# The driver has no name for the second one: a full disk, as MySQL itself waits for room.
_FULL = frozenset({errorcode.ER_RECORD_FILE_FULL, 1021, errorcode.ER_GET_ERRNO})
_READ_ONLY = frozenset(
    {
        errorcode.ER_OPTION_PREVENTS_STATEMENT,
        errorcode.ER_READ_ONLY_MODE,
        errorcode.ER_OPEN_AS_READONLY,
    }
)


@contextmanager
def only_errors() -> Iterator[None]:
    """Raise the driver's public errors only: commits and rollbacks let its inner ones through."""
    try:
        yield
    except MySQLInterfaceError as exc:
        if isinstance(exc, Error):
            raise
        raise get_mysql_exception(exc.errno, msg=exc.msg, sqlstate=exc.sqlstate) from exc


def store_down(error: Error, settings: MysqlSettings) -> StoreDownError | None:
    """The error as something that an operator, or time, puts right; None if it is neither."""
    advice = _advice(error, settings)
    if advice is None:
        return None
    return StoreDownError(f"MySQL at {settings.address}: {_said(error)}: {advice}")


def _said(error: Error) -> str:
    text = " ".join(str(error.msg or error).split())
    return f"{text} ({error.errno})" if error.errno and error.errno > 0 else text


def _advice(error: Error, settings: MysqlSettings) -> str | None:
    """What to do; None for errors that are none of the store's."""
    number = error.errno
    database, user = settings.database, settings.user
    known = {
        errorcode.ER_ACCESS_DENIED_ERROR: "see TRADEFLOW_MYSQL_USER and TRADEFLOW_MYSQL_PASSWORD",
        errorcode.ER_BAD_DB_ERROR: f"make it: CREATE DATABASE {database}; or set "
        "TRADEFLOW_MYSQL_DATABASE",
        errorcode.ER_NO_SUCH_TABLE: "put it back, or fill all anew: --rebuild",
        errorcode.ER_BAD_FIELD_ERROR: "put it back, or fill all anew: --rebuild",
        errorcode.ER_LOCK_WAIT_TIMEOUT: "somebody keeps rows locked: see SHOW PROCESSLIST",
        errorcode.ER_CLIENT_INTERACTION_TIMEOUT: "this process stood still for too long",
        errorcode.ER_CON_COUNT_ERROR: "raise max_connections, or end connections",
    }
    if number in known:
        return known[number]
    if number in _GRANTS:
        return f"give the right back: GRANT ALL ON {database}.* TO {user}"
    if number in _FULL:
        return "make room on its disk"
    if number in _READ_ONLY:
        return "make it writable again"
    # The client's own numbers: no connection, or one that was lost.
    if isinstance(error, InterfaceError | OperationalError) or 2_000 <= (number or 0) < 3_000:
        return "see that it runs, and TRADEFLOW_MYSQL_HOST and TRADEFLOW_MYSQL_PORT"
    if isinstance(error, DataError | IntegrityError | NotSupportedError | ProgrammingError):
        return None
    return "see its log"
