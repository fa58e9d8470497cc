"""History from the tables that MySQL's connector fills."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, select

from schemas.amounts import ASSET_SCALE, step_units
from schemas.instruments import Instrument
from web.state.account_history import HistoryAwayError
from web.state.history import LARGEST, Record, Trades
from web.state.mysql_reader import MysqlReader, milliseconds, moment
from web.state.mysql_tables import CANDLES, TRADES

Answer = TypeVar("Answer")


class MysqlHistory:
    """``History`` of MySQL; while it is away it tells nothing."""

    is_used = True

    def __init__(self, url: str, instruments: Mapping[str, Instrument]) -> None:
        """Nothing is connected yet.

        Raises:
            GatewayError: this is no address of a database.
        """
        self._reader = MysqlReader(url)
        self._grids = {symbol: _Grid(instrument) for symbol, instrument in instruments.items()}
        self._first: dict[tuple[str, str], int] = {}

    @property
    def is_away(self) -> bool:
        """Whether it did not answer when it was asked last."""
        return self._reader.is_away

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
            reached = select(columns.open_at).where(*here, columns.open_at == moment(reached_ms))
            if connection.execute(reached).first() is None:
                return []
            wanted = select(CANDLES).where(
                *here, columns.open_at.between(moment(first_ms), moment(last_ms))
            )
            before = select(CANDLES).where(*here, columns.open_at < moment(first_ms))
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
            return None if row is None else milliseconds(row.open_at)

        first_ms = await self._ask(read, None)
        if first_ms is not None:
            self._first[key] = first_ms
        return first_ms

    async def close(self) -> None:
        """Give its connections back."""
        await self._reader.close()

    async def _ask(self, read: Callable[[Connection], Answer], nothing: Answer) -> Answer:
        try:
            return await self._reader.read(read)
        except HistoryAwayError:
            return nothing


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
            "time_ms": milliseconds(row.traded_at),
        }

    def candle(self, row: Row[Any]) -> Record:
        """A Candle."""
        ticks, lots = self._tick_units, self._lot_units
        return {
            "symbol": self._symbol,
            "interval": row.interval,
            "open_time_ms": milliseconds(row.open_at),
            "close_time_ms": milliseconds(row.close_at),
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
    first, last = moment(asked.first_ms), moment(asked.last_ms)
    return [*bounds, columns.traded_at.between(first, last)], [columns.traded_at, columns.trade_id]


def _units(value: Decimal) -> int:
    return int(value.scaleb(ASSET_SCALE))
