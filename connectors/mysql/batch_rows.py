"""The rows of a batch, table by table: of each row that changes, only what it is in the end."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.errors import ConfigError
from connectors.event import TOMBSTONE, Event
from connectors.mysql import tables
from connectors.mysql.ledger_rows import WALLET_EVENTS, LedgerRows
from connectors.mysql.market_rows import CandleKey, candle_key, candle_row, trade_row
from connectors.mysql.order_rows import changes_order, execution_row, order_row
from connectors.mysql.saga_rows import saga_row
from connectors.mysql.values import Grid
from schemas.topics import CANDLES

Row = tuple[Any, ...]


class BatchRows:
    """Takes events one by one."""

    def __init__(self, grids: Mapping[str, Grid]) -> None:
        self._grids = grids
        self._orders: dict[Row, Row] = {}
        self._executions: list[Row] = []
        self._trades: list[Row] = []
        self._candles: dict[CandleKey, Row] = {}
        self._sagas: dict[Row, Row] = {}
        self.ledger = LedgerRows()
        self.forgotten_candles: dict[CandleKey, None] = {}
        self._takers: dict[str, Callable[[Event], None]] = {
            "ExecutionReport": self._take_report,
            "Trade": self._take_trade,
            "Candle": self._take_candle,
            "OrderSagaRow": self._take_saga,
            TOMBSTONE: self._take_tombstone,
            **dict.fromkeys(WALLET_EVENTS, self._take_wallet_event),
        }

    def add(self, event: Event) -> None:
        """Add an event; of most ticks and of other rows of changelogs nothing is kept.

        Raises:
            UnstorableError: a value has no room in its column.
            ConfigError: it needs an instrument that the file of instruments does not have.
        """
        take = self._takers.get(event.name)
        if take is not None:
            take(event)

    def by_table(self) -> list[tuple[tables.SqlTable, list[Row]]]:
        """What is to be written, but for balances."""
        rows: dict[tables.SqlTable, list[Row]] = {
            tables.ORDERS: list(self._orders.values()),
            tables.EXECUTIONS: self._executions,
            tables.TRADES: self._trades,
            tables.CANDLES: list(self._candles.values()),
            tables.WALLET_TRANSACTION: self.ledger.transactions,
            tables.SAGA_INSTANCE: list(self._sagas.values()),
        }
        return [(table, rows[table]) for table in tables.DATA if rows.get(table)]

    # ----------------------------------------------------------------------------------------------

    def _grid(self, event: Event) -> Grid:
        symbol = event.record["symbol"]
        grid = self._grids.get(symbol)
        if grid is None:
            raise ConfigError(
                f"{event.position} is about {symbol}, which the file of instruments does not have: "
                "set TRADEFLOW_INSTRUMENTS to the one that the exchange uses"
            )
        return grid

    def _take_report(self, event: Event) -> None:
        report = event.record
        self._executions.append(execution_row(event, self._grids.get(report["symbol"])))
        if changes_order(report):
            row = order_row(report, self._grid(event))
            self._orders[row[:2]] = row

    def _take_trade(self, event: Event) -> None:
        self._trades.append(trade_row(event.record, self._grid(event)))

    def _take_candle(self, event: Event) -> None:
        row = candle_row(event.record, self._grid(event))
        key = row[:3]
        self.forgotten_candles.pop(key, None)
        self._candles[key] = row

    def _take_saga(self, event: Event) -> None:
        row = saga_row(event.record, event.timestamp_ms)
        self._sagas[row[:2]] = row

    def _take_tombstone(self, event: Event) -> None:
        # The orders stage forgets sagas after some minutes; here they stay.
        if event.place.topic == CANDLES.name:
            key = candle_key(event.key)
            self._candles.pop(key, None)
            self.forgotten_candles[key] = None

    def _take_wallet_event(self, event: Event) -> None:
        self.ledger.add(event.record)
