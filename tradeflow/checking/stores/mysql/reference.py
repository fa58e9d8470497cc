"""What MySQL must hold, computed record by record from the log; slow and obvious on purpose."""

from collections.abc import Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import CANDLES
from tradeflow.checking.entry import Entry
from tradeflow.checking.stores.expected_rows import ExpectedRows
from tradeflow.checking.stores.mysql.columns import (
    CANDLES_TABLE,
    EXECUTIONS,
    ORDERS,
    SAGA_INSTANCE,
    TRADES_TABLE,
    WALLET,
    WALLET_BALANCE,
    WALLET_TRANSACTION,
    key_of,
)
from tradeflow.checking.stores.mysql.ledger import Ledger
from tradeflow.checking.stores.mysql.market_rows import candle_named, candle_row, trade_row
from tradeflow.checking.stores.mysql.plain_values import NoRoomError, Scale, moment
from tradeflow.checking.stores.mysql.report_rows import (
    changes_an_order,
    execution_row,
    order_row,
)
from tradeflow.checking.stores.mysql.saga_rows import saga_row

_SAGA_KEY = b"saga "
"""What stands before account and saga in the orders stage's table."""

PAID = "orders by the saga that pays for them"


class MysqlReference:
    """Takes the records of the topics, each partition in order, and keeps the rows."""

    def __init__(self, instruments: Mapping[str, Instrument], rows: ExpectedRows) -> None:
        self._scale = Scale(instruments)
        self._rows = rows
        self._ledger = Ledger()
        self.left_out = 0
        """Records that no table has room for: the connector leaves them out, whole."""

    def take(self, entry: Entry) -> None:
        """The next record of its partition; raises TradeflowError for an unknown symbol."""
        try:
            self._take(entry)
        except NoRoomError:
            self.left_out += 1

    def settle(self) -> None:
        """Put wallets and balances among the rows, as they are now."""
        for wallet in self._ledger.wallets():
            self._put(WALLET, wallet.row())
            self._put(WALLET_BALANCE, wallet.balance_row())

    def _take(self, entry: Entry) -> None:
        value = entry.value
        if entry.name == "ExecutionReport":
            self._take_report(entry)
        elif entry.name == "Trade":
            self._put(TRADES_TABLE, trade_row(value, self._scale))
        elif entry.name == "Candle":
            self._put(CANDLES_TABLE, candle_row(value, self._scale))
        elif entry.name == "OrderSagaRow":
            self._put(SAGA_INSTANCE, saga_row(value, entry.record.timestamp_ms))
        elif entry.record.value is None and entry.topic == CANDLES.name:
            # A window that was forgotten on purpose; of sagas that is no news: they stay.
            self._rows.remove(CANDLES_TABLE, candle_named(entry.record.key or b""))
        elif "entries" in value:
            rows = self._ledger.rows(value)
            self._ledger.move(value)
            for row in rows:
                self._put(WALLET_TRANSACTION, row)

    def _take_report(self, entry: Entry) -> None:
        report = entry.value
        execution = execution_row(entry, self._scale)
        if changes_an_order(report):
            order = order_row(report, self._scale)
            self._put(ORDERS, order)
            self._pay(entry, order)
        self._put(EXECUTIONS, execution)

    def _pay(self, entry: Entry, order: Mapping[str, Any]) -> None:
        # A second reservation has the saga's id with a mark behind it.
        saga_id = order["hold_id"].partition("~")[0]
        if saga_id:
            about = {name: order[name] for name in ("order_id", "client_order_id")}
            about |= {"order_status": order["status"], "partition": entry.number}
            self._rows.put(PAID, f"{order['account_id']} {saga_id}", about)

    def _put(self, name: str, row: Mapping[str, Any]) -> None:
        self._rows.put(name, key_of(name, row), row)


def moved_row(entry: Entry) -> tuple[str, str] | None:
    """Table and key of the row that a record of a compacted topic changes or ends."""
    value, key = entry.value, entry.record.key or b""
    if entry.name == "Candle":
        opening = moment(value["open_time_ms"])
        return CANDLES_TABLE, f"{value['symbol']} {value['interval']} {opening}"
    if entry.name == "OrderSagaRow":
        return SAGA_INSTANCE, f"{value['account_id']} {value['saga_id']}"
    if entry.record.value is None and entry.topic == CANDLES.name:
        return CANDLES_TABLE, candle_named(key)
    if entry.record.value is None and key.startswith(_SAGA_KEY):
        return SAGA_INSTANCE, key.removeprefix(_SAGA_KEY).decode(errors="replace")
    return None
