"""History from the tables that MySQL's connector fills."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, create_engine, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from schemas.amounts import ASSET_SCALE, step_units
from schemas.instruments import Instrument
from web.errors import GatewayError
from web.state.history import LARGEST, Record, Trades
from web.state.mysql_tables import CANDLES, TRADES
from web.state.windows import TIME_MAX_MS

log = logging.getLogger(__name__)

_THREADS = 4
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 5
_LEAVE_ALONE_SECONDS = 3.0
"""A store that is away is not asked again for so long: requests need not wait for it."""
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)

Answer = TypeVar("Answer")


class MysqlHistory:
    """Reads on threads of its own; what goes wrong there is logged, and tells nothing."""

    is_used = True

    def __init__(self, url: str, instruments: Mapping[str, Instrument]) -> None:
        """Nothing is connected yet.

        Raises:
            GatewayError: this is no address of a database.
        """
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
        self._grids = {symbol: _Grid(instrument) for symbol, instrument in instruments.items()}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="history")
        self._first: dict[tuple[str, str], int] = {}
        self._away_until = 0.0
        self.is_away = False

    async def trades(self, symbol: str, asked: Trades, *, reached_id: int) -> list[Record]:
        """Trades by rising ids; none where it is away, or has not come to ``reached_id``."""

        def read(connection: Connection) -> list[Record]:
            columns = TRADES.c
            here = columns.symbol == symbol
            reached = select(columns.trade_id).where(here, columns.trade_id == reached_id)
            if reached_id and connection.execute(reached).first() is None:
                return []
            bounds, order = _bounds(asked)
            if asked.is_newest:
                order = [column.desc() for column in order]
            wanted = select(TRADES).where(here, *bounds).order_by(*order).limit(asked.limit)
            rows = connection.execute(wanted).all()
            found = [self._grids[symbol].trade(row) for row in rows]
            return found[::-1] if asked.is_newest else found

        return await self._ask(read, [])

    async def candles(
        self, symbol: str, interval: str, *, first_ms: int, last_ms: int, reached_ms: int
    ) -> list[Record]:
        """Candles that open from ``first_ms`` to ``last_ms``, and the one before, the oldest first.

        None where it is away, or has not come to the one that opens at ``reached_ms``.
        """

        def read(connection: Connection) -> list[Record]:
            columns = CANDLES.c
            here = (columns.symbol == symbol, columns.interval == interval)
            reached = select(columns.open_at).where(*here, columns.open_at == _moment(reached_ms))
            if connection.execute(reached).first() is None:
                return []
            wanted = select(CANDLES).where(
                *here, columns.open_at.between(_moment(first_ms), _moment(last_ms))
            )
            before = select(CANDLES).where(*here, columns.open_at < _moment(first_ms))
            rows = [
                *connection.execute(before.order_by(columns.open_at.desc()).limit(1)),
                *connection.execute(wanted.order_by(columns.open_at)),
            ]
            return [self._grids[symbol].candle(row) for row in rows]

        return await self._ask(read, [])

    async def first_candle_ms(self, symbol: str, interval: str) -> int | None:
        """When the first candle ever opened; None where that is not known."""
        key = symbol, interval
        if key in self._first:
            return self._first[key]

        def read(connection: Connection) -> int | None:
            columns = CANDLES.c
            wanted = select(columns.open_at).where(
                columns.symbol == symbol, columns.interval == interval
            )
            row = connection.execute(wanted.order_by(columns.open_at).limit(1)).first()
            return None if row is None else _milliseconds(row.open_at)

        first_ms = await self._ask(read, None)
        if first_ms is not None:
            self._first[key] = first_ms
        return first_ms

    async def close(self) -> None:
        """Give its connections back."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._engine.dispose)

    async def _ask(self, read: Callable[[Connection], Answer], nothing: Answer) -> Answer:
        if time.monotonic() < self._away_until:
            return nothing
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, self._read, read)
        except SQLAlchemyError as error:
            self._away_until = time.monotonic() + _LEAVE_ALONE_SECONDS
            if not self.is_away:
                log.warning("MySQL does not answer, memory alone is shown: %s", _line(error))
            self.is_away = True
            return nothing
        if self.is_away:
            log.info("MySQL answers again")
        self.is_away = False
        return answer

    def _read(self, read: Callable[[Connection], Answer]) -> Answer:
        with self._engine.connect() as connection:
            return read(connection)


class _Grid:
    """Rows of one instrument back into records."""

    def __init__(self, instrument: Instrument) -> None:
        self._symbol = instrument.symbol
        self._tick_units = step_units(instrument.tick_size)
        self._lot_units = step_units(instrument.lot_size)

    def trade(self, row: Row[Any]) -> Record:
        """A Trade."""
        return {
            "trade_id": row.trade_id,
            "symbol": self._symbol,
            "price_ticks": _units(row.price) // self._tick_units,
            "quantity_lots": _units(row.quantity) // self._lot_units,
            "quote_units": _units(row.quote_quantity),
            "buyer_order_id": row.buyer_order_id,
            "seller_order_id": row.seller_order_id,
            "is_buyer_maker": bool(row.is_buyer_maker),
            "command_id": row.command_id,
            "time_ms": _milliseconds(row.traded_at),
        }

    def candle(self, row: Row[Any]) -> Record:
        """A Candle."""
        ticks, lots = self._tick_units, self._lot_units
        return {
            "symbol": self._symbol,
            "interval": row.interval,
            "open_time_ms": _milliseconds(row.open_at),
            "close_time_ms": _milliseconds(row.close_at),
            "first_trade_id": row.first_trade_id,
            "last_trade_id": row.last_trade_id,
            "open_ticks": _units(row.open) // ticks,
            "high_ticks": _units(row.high) // ticks,
            "low_ticks": _units(row.low) // ticks,
            "close_ticks": _units(row.close) // ticks,
            "volume_lots": _units(row.volume) // lots,
            "quote_volume_units": _units(row.quote_volume),
            "trades": row.trades,
            "taker_buy_lots": _units(row.taker_buy_volume) // lots,
            "taker_buy_quote_units": _units(row.taker_buy_quote_volume),
            "is_closed": bool(row.is_closed),
        }


def _bounds(asked: Trades) -> tuple[list[ColumnElement[bool]], list[ColumnElement[Any]]]:
    """Conditions, and the order of the index that serves them: ids and times rise together."""
    columns = TRADES.c
    bounds: list[ColumnElement[bool]] = []
    if asked.first_id:
        bounds.append(columns.trade_id >= asked.first_id)
    if asked.last_id < LARGEST:
        bounds.append(columns.trade_id <= asked.last_id)
    if not asked.first_ms and asked.last_ms == LARGEST:
        return bounds, [columns.trade_id]
    first, last = _moment(asked.first_ms), _moment(asked.last_ms)
    return [*bounds, columns.traded_at.between(first, last)], [columns.traded_at, columns.trade_id]


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


def _units(value: Decimal) -> int:
    return int(value.scaleb(ASSET_SCALE))


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _moment(time_ms: int) -> datetime:
    return _EPOCH + min(time_ms, TIME_MAX_MS) * _MILLISECOND


def _line(error: SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())
