"""All that matching knows of one symbol, and what the command at hand has produced so far."""

from collections.abc import Iterable

from schemas.enums import SymbolStatus
from schemas.instruments import Instrument
from schemas.records import SymbolRow
from streams.domain.account_orders import AccountOrders, ClosedOrder
from streams.domain.average_price import AveragePrice
from streams.domain.closed_orders import ClosedOrders, open_account
from streams.domain.events import ReportEvent, TradeEvent
from streams.domain.order import Order
from streams.domain.order_book import OrderBook
from streams.domain.quick_admission import QuickAdmission


class SymbolState:
    """State of a symbol; ``command_id``, ``reports`` and ``trades`` are those of one command."""

    __slots__ = (
        "instrument",
        "symbol",
        "quote_units_per_tick_lot",
        "base_units_per_lot",
        "market_step_lots",
        "quick_admission",
        "book",
        "accounts",
        "closed",
        "average_price",
        "status",
        "last_order_id",
        "last_trade_id",
        "last_execution_id",
        "last_update_id",
        "last_priority",
        "last_price_ticks",
        "time_ms",
        "command_id",
        "reports",
        "trades",
    )

    def __init__(self, instrument: Instrument, *, closed_limit: int) -> None:
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.quote_units_per_tick_lot = instrument.quote_units_per_tick_lot
        self.base_units_per_lot = instrument.base_units_per_lot
        self.market_step_lots = (
            instrument.market_quantity_step_lots or instrument.quantity_step_lots or 1
        )
        self.quick_admission = QuickAdmission(instrument)
        self.book = OrderBook()
        self.accounts: dict[str, AccountOrders] = {}
        self.closed = ClosedOrders(self.accounts, limit=closed_limit)
        self._load_row(first_row(instrument))
        self.command_id = ""
        self.reports: list[ReportEvent] = []
        self.trades: list[TradeEvent] = []

    def load(
        self, row: SymbolRow | None, orders: Iterable[Order], closed: Iterable[ClosedOrder]
    ) -> None:
        """Go on from what tables kept; nothing counts as changed by it."""
        if row is not None:
            self._load_row(row)
        book = self.book
        lists: dict[int, Order] = {}
        for order in sorted(orders, key=lambda order: order.priority):
            order.account = open_account(self.accounts, order.account_id)
            order.account.client_ids[order.client_order_id] = order
            if order.is_working:
                book.rest(order)
            else:
                book.wait(order)
            if order.order_list_id:
                other = lists.setdefault(order.order_list_id, order)
                if other is not order:
                    order.sibling, other.sibling = other, order
        book.take_changed()
        for side in (book.bids, book.asks):
            side.publish()
        self.closed.restore(closed)

    def _load_row(self, row: SymbolRow) -> None:
        self.average_price = AveragePrice(
            self.instrument.average_price_minutes, row["average_price_minutes"]
        )
        self.status: SymbolStatus = row["status"]
        self.last_order_id = row["last_order_id"]
        self.last_trade_id = row["last_trade_id"]
        self.last_execution_id = row["last_execution_id"]
        self.last_update_id = row["last_update_id"]
        self.last_priority = row["last_priority"]
        self.last_price_ticks = row["last_price_ticks"]
        self.time_ms = row["time_ms"]

    def reference_price(self) -> int:
        """Average price of the last minutes in ticks, else the last price, else 0."""
        return self.average_price.reference(self.time_ms, self.last_price_ticks)

    def is_client_id_used(self, account_id: str, client_order_id: str) -> bool:
        """Whether an open or a remembered closed order of the account has this id."""
        account = self.accounts.get(account_id)
        return account is not None and client_order_id in account.client_ids

    def close(self, order: Order) -> None:
        """Remember an order that has just reached a terminal status."""
        order.leaves_lots = 0
        self.closed.remember(
            ClosedOrder(
                self.symbol, order.order_id, order.account, order.client_order_id, self.time_ms
            )
        )

    def row(self) -> SymbolRow:
        """The row that a table keeps of this symbol."""
        return {
            "symbol": self.symbol,
            "status": self.status,
            "last_order_id": self.last_order_id,
            "last_trade_id": self.last_trade_id,
            "last_execution_id": self.last_execution_id,
            "last_update_id": self.last_update_id,
            "last_priority": self.last_priority,
            "last_price_ticks": self.last_price_ticks,
            "time_ms": self.time_ms,
            "average_price_minutes": self.average_price.rows(),
        }


def first_row(instrument: Instrument) -> SymbolRow:
    """The row of a symbol before its first command."""
    return {
        "symbol": instrument.symbol,
        "status": instrument.status,
        "last_order_id": 0,
        "last_trade_id": 0,
        "last_execution_id": 0,
        "last_update_id": 0,
        "last_priority": 0,
        "last_price_ticks": 0,
        "time_ms": 0,
        "average_price_minutes": [],
    }
