"""An open order: the live form of an ``OrderRow``."""

from typing import TYPE_CHECKING

from schemas.enums import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from schemas.records import OrderRow, PlaceOrder
from streams.domain.order_kinds import triggers_above

if TYPE_CHECKING:
    from streams.domain.account_orders import AccountOrders
    from streams.domain.price_level import PriceLevel

ROW_FIELDS: tuple[str, ...] = tuple(OrderRow.__annotations__)


class Order:
    """An order from its acceptance to its end; the fields of the row have the row's units.

    Beside the row it holds what can be computed from it or means nothing outside one process:
    ``leaves_lots`` is the open quantity (0 for an order by quote quantity, and once closed),
    ``prevented_quote_units`` what self-trade prevention took from an order by quote quantity,
    ``account`` its owner in a market (none before it enters one), ``is_plain`` says that it has
    no stop price, quote quantity, iceberg, budget or list, ``level``, ``ahead`` and ``behind`` the
    place in the book, ``sibling`` the other leg of its list while both are open, ``is_stored``
    whether a table may hold a row of it.
    """

    __slots__ = (
        *ROW_FIELDS,
        "leaves_lots",
        "prevented_quote_units",
        "account",
        "is_plain",
        "level",
        "ahead",
        "behind",
        "sibling",
        "is_stored",
    )

    symbol: str
    order_id: int
    account_id: str
    client_order_id: str
    command_id: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    self_trade_prevention: SelfTradePrevention
    price_ticks: int
    stop_price_ticks: int
    quantity_lots: int
    quote_quantity_units: int
    iceberg_lots: int
    visible_lots: int
    budget_units: int
    reserved_price_ticks: int
    hold_id: str
    maker_rate_ppm: int
    taker_rate_ppm: int
    cumulative_quantity_lots: int
    cumulative_quote_units: int
    prevented_quantity_lots: int
    priority: int
    triggers_above: bool
    is_working: bool
    order_time_ms: int
    working_time_ms: int
    order_list_id: int
    leaves_lots: int
    prevented_quote_units: int
    account: "AccountOrders"
    is_plain: bool
    level: "PriceLevel | None"
    ahead: "Order | None"
    behind: "Order | None"
    sibling: "Order | None"
    is_stored: bool

    def __init__(self, terms: PlaceOrder | OrderRow, now_ms: int) -> None:
        self.symbol = terms["symbol"]
        self.order_id = 0
        self.account_id = terms["account_id"]
        self.client_order_id = terms["client_order_id"]
        self.command_id = terms["command_id"]
        self.side = side = terms["side"]
        self.order_type = order_type = terms["order_type"]
        self.time_in_force = terms["time_in_force"]
        self.self_trade_prevention = terms["self_trade_prevention"]
        self.price_ticks = terms["price_ticks"]
        self.stop_price_ticks = stop_price = terms["stop_price_ticks"]
        self.quantity_lots = self.leaves_lots = terms["quantity_lots"]
        self.quote_quantity_units = quote_quantity = terms["quote_quantity_units"]
        self.iceberg_lots = iceberg = terms["iceberg_lots"]
        self.visible_lots = 0
        self.budget_units = budget = terms["budget_units"]
        self.reserved_price_ticks = terms["reserved_price_ticks"]
        self.hold_id = terms["hold_id"]
        self.maker_rate_ppm = terms["maker_rate_ppm"]
        self.taker_rate_ppm = terms["taker_rate_ppm"]
        self.cumulative_quantity_lots = 0
        self.cumulative_quote_units = 0
        self.prevented_quantity_lots = 0
        self.prevented_quote_units = 0
        self.priority = 0
        self.order_time_ms = now_ms
        # Admission lets in no stop without a stop price, and nothing else with one.
        if stop_price:
            self.triggers_above = triggers_above(side, order_type)
            self.is_working = False
            self.working_time_ms = 0
        else:
            self.triggers_above = False
            self.is_working = True
            self.working_time_ms = now_ms
        self.is_plain = not (stop_price or quote_quantity or iceberg or budget)
        self.order_list_id = 0
        self.level = self.ahead = self.behind = self.sibling = None
        self.is_stored = False

    @classmethod
    def from_row(cls, row: OrderRow) -> "Order":
        """The order that a table's row describes, in no book yet."""
        order = cls(row, row["order_time_ms"])
        order.order_id = row["order_id"]
        order.visible_lots = row["visible_lots"]
        order.cumulative_quantity_lots = row["cumulative_quantity_lots"]
        order.cumulative_quote_units = row["cumulative_quote_units"]
        order.prevented_quantity_lots = row["prevented_quantity_lots"]
        order.leaves_lots -= row["cumulative_quantity_lots"] + row["prevented_quantity_lots"]
        order.priority = row["priority"]
        order.triggers_above = row["triggers_above"]
        order.is_working = row["is_working"]
        order.working_time_ms = row["working_time_ms"]
        order.order_list_id = row["order_list_id"]
        if order.order_list_id:
            order.is_plain = False
        order.is_stored = True
        return order

    def to_row(self) -> OrderRow:
        """The row that a table keeps of this order."""
        return {
            "symbol": self.symbol,
            "order_id": self.order_id,
            "account_id": self.account_id,
            "client_order_id": self.client_order_id,
            "command_id": self.command_id,
            "side": self.side,
            "order_type": self.order_type,
            "time_in_force": self.time_in_force,
            "self_trade_prevention": self.self_trade_prevention,
            "price_ticks": self.price_ticks,
            "stop_price_ticks": self.stop_price_ticks,
            "quantity_lots": self.quantity_lots,
            "quote_quantity_units": self.quote_quantity_units,
            "iceberg_lots": self.iceberg_lots,
            "visible_lots": self.visible_lots,
            "budget_units": self.budget_units,
            "reserved_price_ticks": self.reserved_price_ticks,
            "hold_id": self.hold_id,
            "maker_rate_ppm": self.maker_rate_ppm,
            "taker_rate_ppm": self.taker_rate_ppm,
            "cumulative_quantity_lots": self.cumulative_quantity_lots,
            "cumulative_quote_units": self.cumulative_quote_units,
            "prevented_quantity_lots": self.prevented_quantity_lots,
            "priority": self.priority,
            "triggers_above": self.triggers_above,
            "is_working": self.is_working,
            "order_time_ms": self.order_time_ms,
            "working_time_ms": self.working_time_ms,
            "order_list_id": self.order_list_id,
        }

    @property
    def open_status(self) -> OrderStatus:
        """The status of the order while it is open."""
        return "PARTIALLY_FILLED" if self.cumulative_quantity_lots else "NEW"

    def __repr__(self) -> str:
        return (
            f"<Order {self.order_id} {self.account_id} {self.side} {self.order_type} "
            f"{self.leaves_lots}/{self.quantity_lots} @ {self.price_ticks}>"
        )
