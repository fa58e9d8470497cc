"""What a command led to: execution reports, trades and depth updates, each an object.

Compiled, a field is a word in memory: to fill an object of 39 takes a ninth of what a dictionary
takes.  ``fields`` is what an encoder takes, ``as_record`` what its reader will see.
"""

from typing import cast

from schemas.enums import (
    ExecutionType,
    ExpiryReason,
    OrderStatus,
    OrderType,
    RejectReason,
    Role,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from schemas.records import DepthUpdate, ExecutionReport, Trade

REPORT_FIELDS: tuple[str, ...] = tuple(ExecutionReport.__annotations__)
TRADE_FIELDS: tuple[str, ...] = tuple(Trade.__annotations__)
UPDATE_FIELDS: tuple[str, ...] = tuple(DepthUpdate.__annotations__)

Levels = list[tuple[int, int]]
"""(price ticks, visible lots), best first."""


class ReportEvent:
    """An ``ExecutionReport``; it says nothing yet but whose it is."""

    __slots__ = REPORT_FIELDS

    def __init__(self, command_id: str, account_id: str, symbol: str) -> None:
        self.execution_id = 0
        self.command_id = command_id
        self.account_id = account_id
        self.symbol = symbol
        self.order_id = 0
        self.client_order_id = ""
        self.original_client_order_id = ""
        self.execution_type: ExecutionType = "NONE"
        self.order_status: OrderStatus = "NONE"
        self.reject_reason: RejectReason = "NONE"
        self.expiry_reason: ExpiryReason = "NONE"
        self.side: Side = "NONE"
        self.order_type: OrderType = "NONE"
        self.time_in_force: TimeInForce = "NONE"
        self.self_trade_prevention: SelfTradePrevention = "NONE"
        self.price_ticks = 0
        self.stop_price_ticks = 0
        self.quantity_lots = 0
        self.quote_quantity_units = 0
        self.iceberg_lots = 0
        self.budget_units = 0
        self.reserved_price_ticks = 0
        self.hold_id = ""
        self.last_price_ticks = 0
        self.last_quantity_lots = 0
        self.last_quote_units = 0
        self.cumulative_quantity_lots = 0
        self.cumulative_quote_units = 0
        self.leaves_quantity_lots = 0
        self.prevented_quantity_lots = 0
        self.trade_id = 0
        self.counter_order_id = 0
        self.role: Role = "NONE"
        self.commission_units = 0
        self.commission_rate_ppm = 0
        self.is_working = False
        self.order_time_ms = 0
        self.working_time_ms = 0
        self.time_ms = 0
        self.order_list_id = 0

    @classmethod
    def from_record(cls, record: ExecutionReport) -> "ReportEvent":
        """The event that a record was made of."""
        event = cls("", "", "")
        for name, value in record.items():
            setattr(event, name, value)
        return event

    def fields(self) -> tuple[object, ...]:
        """The fields in the schema's order."""
        return (
            self.execution_id,
            self.command_id,
            self.account_id,
            self.symbol,
            self.order_id,
            self.client_order_id,
            self.original_client_order_id,
            self.execution_type,
            self.order_status,
            self.reject_reason,
            self.expiry_reason,
            self.side,
            self.order_type,
            self.time_in_force,
            self.self_trade_prevention,
            self.price_ticks,
            self.stop_price_ticks,
            self.quantity_lots,
            self.quote_quantity_units,
            self.iceberg_lots,
            self.budget_units,
            self.reserved_price_ticks,
            self.hold_id,
            self.last_price_ticks,
            self.last_quantity_lots,
            self.last_quote_units,
            self.cumulative_quantity_lots,
            self.cumulative_quote_units,
            self.leaves_quantity_lots,
            self.prevented_quantity_lots,
            self.trade_id,
            self.counter_order_id,
            self.role,
            self.commission_units,
            self.commission_rate_ppm,
            self.is_working,
            self.order_time_ms,
            self.working_time_ms,
            self.time_ms,
            self.order_list_id,
        )

    def as_record(self) -> ExecutionReport:
        """The record as the codec reads it back."""
        return cast(ExecutionReport, dict(zip(REPORT_FIELDS, self.fields(), strict=True)))

    def __repr__(self) -> str:
        return f"<ReportEvent {self.as_record()}>"


class TradeEvent:
    """A ``Trade``."""

    __slots__ = TRADE_FIELDS

    def __init__(
        self,
        trade_id: int,
        symbol: str,
        price_ticks: int,
        quantity_lots: int,
        quote_units: int,
        buyer_order_id: int,
        seller_order_id: int,
        is_buyer_maker: bool,
        command_id: str,
        time_ms: int,
    ) -> None:
        self.trade_id = trade_id
        self.symbol = symbol
        self.price_ticks = price_ticks
        self.quantity_lots = quantity_lots
        self.quote_units = quote_units
        self.buyer_order_id = buyer_order_id
        self.seller_order_id = seller_order_id
        self.is_buyer_maker = is_buyer_maker
        self.command_id = command_id
        self.time_ms = time_ms

    def fields(self) -> tuple[object, ...]:
        """The fields in the schema's order."""
        return (
            self.trade_id,
            self.symbol,
            self.price_ticks,
            self.quantity_lots,
            self.quote_units,
            self.buyer_order_id,
            self.seller_order_id,
            self.is_buyer_maker,
            self.command_id,
            self.time_ms,
        )

    def as_record(self) -> Trade:
        """The record as the codec reads it back."""
        return cast(Trade, dict(zip(TRADE_FIELDS, self.fields(), strict=True)))

    def __repr__(self) -> str:
        return f"<TradeEvent {self.as_record()}>"


class DepthEvent:
    """A ``DepthUpdate``, its levels as pairs."""

    __slots__ = UPDATE_FIELDS

    def __init__(
        self,
        symbol: str,
        first_update_id: int,
        last_update_id: int,
        bids: Levels,
        asks: Levels,
        command_id: str,
        time_ms: int,
    ) -> None:
        self.symbol = symbol
        self.first_update_id = first_update_id
        self.last_update_id = last_update_id
        self.bids = bids
        self.asks = asks
        self.command_id = command_id
        self.time_ms = time_ms

    def fields(self) -> tuple[object, ...]:
        """The fields in the schema's order."""
        return (
            self.symbol,
            self.first_update_id,
            self.last_update_id,
            self.bids,
            self.asks,
            self.command_id,
            self.time_ms,
        )

    def as_record(self) -> DepthUpdate:
        """The record as the codec reads it back."""
        return {
            "symbol": self.symbol,
            "first_update_id": self.first_update_id,
            "last_update_id": self.last_update_id,
            "bids": [{"price_ticks": price, "quantity_lots": lots} for price, lots in self.bids],
            "asks": [{"price_ticks": price, "quantity_lots": lots} for price, lots in self.asks],
            "command_id": self.command_id,
            "time_ms": self.time_ms,
        }

    def __repr__(self) -> str:
        return f"<DepthEvent {self.as_record()}>"
