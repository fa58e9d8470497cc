"""An account's history from the tables that MySQL's connector fills.

In a symbol ids and times rise together, and the connector's indexes are of accounts and times: so
times are what is searched by, and ids are what is sorted by.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from web.state.account_history import (
    PastAmendment,
    PastOrder,
    PastTrade,
    PastTransfer,
    Span,
    TransferKind,
)
from web.state.mysql_reader import MysqlReader, decimal_text, milliseconds, moment
from web.state.mysql_tables import EXECUTIONS, ORDERS, TRADES, TRANSACTIONS

_TRANSFERS_MAX = 1_000


class MysqlAccountHistory:
    """``AccountHistory`` of MySQL."""

    def __init__(self, url: str) -> None:
        """Nothing is connected yet.

        Raises:
            GatewayError: this is no address of a database.
        """
        self._reader = MysqlReader(url)

    async def order(self, account_id: str, symbol: str, order_id: int) -> PastOrder | None:
        """An order by its id."""
        return await self._one_order(account_id, symbol, ORDERS.c.order_id == order_id)

    async def named_order(self, account_id: str, symbol: str, name: str) -> PastOrder | None:
        """The last order that had a client order id."""
        return await self._one_order(account_id, symbol, ORDERS.c.client_order_id == name)

    async def orders(self, account_id: str, symbol: str, span: Span) -> list[PastOrder]:
        """Orders by rising ids; a span's times are of their creation."""
        columns = ORDERS.c
        wanted = select(ORDERS).where(columns.account_id == account_id, columns.symbol == symbol)
        wanted = wanted.where(*_between(columns.created_at, span))
        if span.from_id is not None:
            began = (
                select(columns.created_at)
                .where(columns.symbol == symbol, columns.order_id <= span.from_id)
                .order_by(columns.order_id.desc())
                .limit(1)
            )
            wanted = wanted.where(
                columns.order_id >= span.from_id, _since(columns.created_at, began)
            )
        wanted = _in_order(wanted, span, columns.created_at, columns.symbol, columns.order_id)
        rows = await self._rows(wanted)
        return sorted((_order(row) for row in rows), key=lambda each: each.order_id)

    async def trades(self, account_id: str, symbol: str, span: Span) -> list[PastTrade]:
        """Fills by rising trade ids."""
        columns = EXECUTIONS.c
        wanted = select(EXECUTIONS).where(
            columns.account_id == account_id,
            columns.symbol == symbol,
            columns.execution_type == "TRADE",
            *_between(columns.executed_at, span),
        )
        if span.order_id is not None:
            wanted = wanted.where(columns.order_id == span.order_id)
        if span.from_id is not None:
            began = (
                select(TRADES.c.traded_at)
                .where(TRADES.c.symbol == symbol, TRADES.c.trade_id <= span.from_id)
                .order_by(TRADES.c.trade_id.desc())
                .limit(1)
            )
            wanted = wanted.where(
                columns.trade_id >= span.from_id, _since(columns.executed_at, began)
            )
        by = columns.executed_at, columns.log_partition, columns.log_offset
        rows = await self._rows(_in_order(wanted, span, *by))
        found = [_trade(row) for row in rows]
        return sorted(found, key=lambda each: (each.trade_id, each.order_id))

    async def amendments(self, account_id: str, symbol: str, order_id: int) -> list[PastAmendment]:
        """All of an order, in their order."""
        columns = EXECUTIONS.c
        wanted = (
            select(EXECUTIONS)
            .where(
                columns.symbol == symbol,
                columns.order_id == order_id,
                columns.account_id == account_id,
                columns.execution_type.in_(("NEW", "REPLACED")),
            )
            .order_by(columns.execution_id)
        )
        rows = await self._rows(wanted)
        return [
            _amendment(row, before)
            for before, row in zip(rows, rows[1:], strict=False)
            if row.execution_type == "REPLACED"
        ]

    async def transfers(
        self, account_id: str, kind: TransferKind, *, asset: str, start_ms: int, end_ms: int
    ) -> list[PastTransfer]:
        """What came in or went out, the newest first; "" stands for all assets."""
        columns = TRANSACTIONS.c
        wanted = select(TRANSACTIONS).where(
            columns.account_id == account_id,
            columns.reference_type == kind,
            columns.created_at.between(moment(start_ms), moment(end_ms)),
        )
        if asset:
            wanted = wanted.where(columns.currency == asset)
        rows = await self._rows(wanted.order_by(columns.created_at.desc()).limit(_TRANSFERS_MAX))
        return [_transfer(row) for row in rows]

    async def close(self) -> None:
        """Give its connections up."""
        await self._reader.close()

    async def _one_order(
        self, account_id: str, symbol: str, condition: ColumnElement[bool]
    ) -> PastOrder | None:
        columns = ORDERS.c
        wanted = (
            select(ORDERS)
            .where(columns.account_id == account_id, columns.symbol == symbol, condition)
            .order_by(columns.created_at.desc(), columns.order_id.desc())
            .limit(1)
        )
        rows = await self._rows(wanted)
        return _order(rows[0]) if rows else None

    async def _rows(self, wanted: Select[Any]) -> list[Row[Any]]:
        def read(connection: Connection) -> list[Row[Any]]:
            return list(connection.execute(wanted))

        return await self._reader.read(read)


def _between(column: ColumnElement[Any], span: Span) -> list[ColumnElement[bool]]:
    bounds = []
    if span.start_ms is not None:
        bounds.append(column >= moment(span.start_ms))
    if span.end_ms is not None:
        bounds.append(column <= moment(span.end_ms))
    return bounds


def _since(column: ColumnElement[Any], began: Select[Any]) -> ColumnElement[bool]:
    """From the time of the row that an id names, or of the last one before it, on."""
    moment_of_it = began.scalar_subquery()
    return (column >= moment_of_it) | moment_of_it.is_(None)


def _in_order(wanted: Select[Any], span: Span, *by: ColumnElement[Any]) -> Select[Any]:
    order = by if span.is_from_the_start else [column.desc() for column in by]
    return wanted.order_by(*order).limit(span.limit)


def _order(row: Row[Any]) -> PastOrder:
    return PastOrder(
        symbol=row.symbol,
        order_id=row.order_id,
        client_order_id=row.client_order_id,
        execution_id=row.last_execution_id,
        side=row.side,
        order_type=row.order_type,
        time_in_force=row.time_in_force,
        self_trade_prevention=row.self_trade_prevention,
        status=row.status,
        expiry_reason=row.expiry_reason,
        price=decimal_text(row.price),
        stop_price=decimal_text(row.stop_price),
        quantity=decimal_text(row.quantity),
        quote_quantity=decimal_text(row.quote_quantity),
        iceberg_quantity=decimal_text(row.iceberg_quantity),
        executed_quantity=decimal_text(row.executed_quantity),
        executed_quote=decimal_text(row.executed_quote),
        prevented_quantity=decimal_text(row.prevented_quantity),
        is_working=bool(row.is_working),
        created_ms=milliseconds(row.created_at),
        working_ms=milliseconds(row.working_at),
        updated_ms=milliseconds(row.updated_at),
    )


def _trade(row: Row[Any]) -> PastTrade:
    return PastTrade(
        symbol=row.symbol,
        trade_id=row.trade_id,
        order_id=row.order_id,
        side=row.side,
        role=row.role,
        price=decimal_text(row.last_price),
        quantity=decimal_text(row.last_quantity),
        quote=decimal_text(row.last_quote),
        commission=decimal_text(row.commission),
        time_ms=milliseconds(row.executed_at),
    )


def _amendment(row: Row[Any], before: Row[Any]) -> PastAmendment:
    return PastAmendment(
        symbol=row.symbol,
        order_id=row.order_id,
        execution_id=row.execution_id,
        original_client_order_id=row.original_client_order_id,
        client_order_id=row.client_order_id,
        before_quantity=decimal_text(before.quantity),
        quantity=decimal_text(row.quantity),
        time_ms=milliseconds(row.executed_at),
    )


def _transfer(row: Row[Any]) -> PastTransfer:
    return PastTransfer(
        row.command_id, row.currency, decimal_text(row.amount), milliseconds(row.created_at)
    )
