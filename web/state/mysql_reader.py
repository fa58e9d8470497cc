"""Reads MySQL on threads of its own, and leaves it alone for a while when it does not answer."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from web.database_errors import DATABASE_ERRORS, log_no_broken_connections
from web.errors import GatewayError
from web.state.account_history import HistoryAwayError

log = logging.getLogger(__name__)

_THREADS = 4
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 5
_LEAVE_ALONE_SECONDS = 3.0
"""A store that is away is not asked again for so long: requests need not wait for it."""
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_TIME_MAX_MS = 253_402_300_799_999
"""The end of the year 9999, which is as far as MySQL's times go."""

Answer = TypeVar("Answer")


class MysqlReader:
    """A database that somebody else fills."""

    def __init__(self, url: str) -> None:
        """Nothing is connected yet.

        Raises:
            GatewayError: this is no address of a database.
        """
        log_no_broken_connections()
        self._engine = create_engine(
            _checked(url),
            pool_size=_THREADS,
            max_overflow=0,
            pool_pre_ping=True,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "connection_timeout": _CONNECT_SECONDS,
                "read_timeout": _ANSWER_SECONDS,
                "write_timeout": _ANSWER_SECONDS,
                "time_zone": "+00:00",
            },
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="history")
        self._away_until = 0.0
        self.is_away = False

    async def read(self, work: Callable[[Connection], Answer]) -> Answer:
        """What ``work`` finds, on a thread.

        Raises:
            HistoryAwayError: the database does not answer, or did not a moment ago.
        """
        if time.monotonic() < self._away_until:
            raise HistoryAwayError
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, self._work, work)
        except DATABASE_ERRORS as error:
            self._away_until = time.monotonic() + _LEAVE_ALONE_SECONDS
            if not self.is_away:
                log.warning("MySQL does not answer, memory alone is shown: %s", _line(error))
            self.is_away = True
            raise HistoryAwayError from error
        if self.is_away:
            log.info("MySQL answers again")
        self.is_away = False
        return answer

    async def close(self) -> None:
        """Give its connections back."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._engine.dispose)

    def _work(self, work: Callable[[Connection], Answer]) -> Answer:
        with self._engine.connect() as connection:
            return work(connection)


def moment(time_ms: int) -> datetime:
    """A DATETIME(3), in UTC."""
    return _EPOCH + min(time_ms, _TIME_MAX_MS) * _MILLISECOND


def milliseconds(at: datetime | None) -> int:
    """Milliseconds since the epoch of a DATETIME(3); 0 for NULL, as the log says «none»."""
    return 0 if at is None else (at - _EPOCH) // _MILLISECOND


def decimal_text(value: Decimal) -> str:
    """A DECIMAL(20,8) with all its decimals, without its sign."""
    return f"{abs(value):.8f}"


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or not parsed.drivername.startswith("mysql") or not parsed.database:
        # The address itself has a password in it.
        raise GatewayError(
            "TRADEFLOW_GATEWAY_MYSQL_URL is no address of a MySQL database",
            action="set it to mysql://USER:PASSWORD@HOST:PORT/DATABASE, or unset it",
        )
    return parsed.set(drivername="mysql+mysqlconnector")


def _line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())
