"""What the reference exchange keeps of one symbol, and the record of what one command did.

Everything that can be counted or summed is counted or summed when it is asked for: there is no
second copy of any fact that could fall out of step with the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.instruments import Instrument
from schemas.records import (
    AveragePriceMinute,
    ClosedOrderRow,
    ExecutionReport,
    OrderRow,
    PlaceOrder,
    SymbolRow,
    Trade,
)

LARGEST = 2**63 - 1
MEMORY_OF_CLOSED_MS = 86_400_000

LIMIT_KINDS = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
STOP_KINDS = ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
MARKET_KINDS = ("MARKET", "STOP_LOSS", "TAKE_PROFIT")
TERMINAL = ("FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH")

TERMS = (
    "side",
    "order_type",
    "time_in_force",
    "self_trade_prevention",
    "price_ticks",
    "stop_price_ticks",
    "quantity_lots",
    "quote_quantity_units",
    "iceberg_lots",
    "budget_units",
    "reserved_price_ticks",
    "hold_id",
)
"""What a client says of an order and every report on it says again."""


@dataclass
class SymbolState:
    """One symbol: its row, its open orders in no order, its closed orders in no order."""

    instrument: Instrument
    closed_limit: int
    row: SymbolRow
    orders: list[OrderRow] = field(default_factory=list)
    closed: list[ClosedOrderRow] = field(default_factory=list)

    def resting(self, side: str) -> list[OrderRow]:
        """All orders of one side that are in the book, best price first, then by priority."""
        sign = -1 if side == "BUY" else 1
        return sorted(
            (order for order in self.orders if order["side"] == side and not is_waiting(order)),
            key=lambda order: (sign * order["price_ticks"], order["priority"]),
        )

    def waiting_stops(self) -> list[OrderRow]:
        """Untriggered stops, oldest order first."""
        stops = [order for order in self.orders if is_waiting(order)]
        return sorted(stops, key=lambda order: order["order_id"])

    def visible_levels(self, side: str) -> dict[int, int]:
        levels: dict[int, int] = {}
        for order in self.orders:
            if order["side"] == side and not is_waiting(order):
                price = order["price_ticks"]
                levels[price] = levels.get(price, 0) + order["visible_lots"]
        return levels

    def open_orders_of(self, account_id: str) -> list[OrderRow]:
        return [order for order in self.orders if order["account_id"] == account_id]

    def client_order_id_is_used(self, account_id: str, client_order_id: str) -> bool:
        return any(
            (row["account_id"], row["client_order_id"]) == (account_id, client_order_id)
            for row in [*self.orders, *self.closed]
        )

    def find(self, account_id: str, order_id: int, client_order_id: str) -> OrderRow | None:
        """The order that a cancel or amend speaks of, if the account has it."""
        if order_id == 0 and client_order_id == "":
            return None
        for order in self.open_orders_of(account_id):
            id_fits = order_id in (0, order["order_id"])
            client_id_fits = client_order_id in ("", order["client_order_id"])
            if id_fits and client_id_fits:
                return order
        return None

    def market_step_lots(self) -> int:
        """The grid of capacities that come from money; a filter of 0 is off, so every lot fits."""
        rules = self.instrument
        return rules.market_quantity_step_lots or rules.quantity_step_lots or 1

    def quote_units(self, price_ticks: int, quantity_lots: int) -> int:
        return price_ticks * quantity_lots * self.instrument.quote_units_per_tick_lot

    # --- time and memory ---------------------------------------------------------------------

    def move_time(self, time_ms: int) -> int:
        self.row["time_ms"] = max(self.row["time_ms"], time_ms)
        self.forget()
        return self.row["time_ms"]

    def remember_closed(self, order: OrderRow) -> None:
        self.closed.append(
            ClosedOrderRow(
                symbol=order["symbol"],
                order_id=order["order_id"],
                account_id=order["account_id"],
                client_order_id=order["client_order_id"],
                closed_ms=self.row["time_ms"],
            )
        )
        self.forget()

    def forget(self) -> None:
        horizon = self.row["time_ms"] - MEMORY_OF_CLOSED_MS
        young = [row for row in self.closed if row["closed_ms"] > horizon]
        young.sort(key=lambda row: (row["closed_ms"], row["order_id"], row["client_order_id"]))
        surplus = max(0, len(young) - self.closed_limit)
        self.closed = young[surplus:]

    # --- average price -----------------------------------------------------------------------

    def remember_price(self, price_ticks: int, quantity_lots: int) -> None:
        """Add a trade to its minute; halve the minute as long as a sum would not fit."""
        if self.instrument.average_price_minutes == 0:
            return
        minute = self.row["time_ms"] // 60_000
        buckets = [bucket for bucket in self.row["average_price_minutes"] if self.is_recent(bucket)]
        bucket = AveragePriceMinute(minute=minute, quantity_lots=0, notional_tick_lots=0)
        for other in buckets:
            if other["minute"] == minute:
                bucket = other
        notional = price_ticks * quantity_lots
        while (
            bucket["quantity_lots"] + quantity_lots > LARGEST
            or bucket["notional_tick_lots"] + notional > LARGEST
        ):
            bucket["quantity_lots"] //= 2
            bucket["notional_tick_lots"] //= 2
        bucket["quantity_lots"] += quantity_lots
        bucket["notional_tick_lots"] += notional
        others = [other for other in buckets if other["minute"] != minute]
        self.row["average_price_minutes"] = [*others, bucket]

    def is_recent(self, bucket: AveragePriceMinute) -> bool:
        now_minute = self.row["time_ms"] // 60_000
        return bucket["minute"] > now_minute - self.instrument.average_price_minutes

    def reference_price(self) -> int:
        recent = [b for b in self.row["average_price_minutes"] if self.is_recent(b)]
        if not recent:
            return self.row["last_price_ticks"]
        notional = sum(bucket["notional_tick_lots"] for bucket in recent)
        return notional // sum(bucket["quantity_lots"] for bucket in recent)


@dataclass
class Turn:
    """One command at work on one symbol: what it has brought about so far."""

    state: SymbolState
    command_id: str
    now: int
    reports: list[ExecutionReport] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)

    def report(
        self, order: OrderRow, execution_type: str, order_status: str, **changes: Any
    ) -> None:
        """Say what happened to an order; its row already has the change."""
        ended = order_status in TERMINAL
        self.report_bare(
            account_id=order["account_id"],
            order_id=order["order_id"],
            client_order_id=order["client_order_id"],
            execution_type=execution_type,
            order_status=order_status,
            **{name: order[name] for name in TERMS},  # type: ignore[literal-required]
            cumulative_quantity_lots=order["cumulative_quantity_lots"],
            cumulative_quote_units=order["cumulative_quote_units"],
            leaves_quantity_lots=0 if ended else left_of(order),
            prevented_quantity_lots=order["prevented_quantity_lots"],
            is_working=order["is_working"],
            order_time_ms=order["order_time_ms"],
            working_time_ms=order["working_time_ms"],
            order_list_id=order["order_list_id"],
            changes=changes,
        )

    def report_bare(self, *, changes: Mapping[str, Any] | None = None, **fields: Any) -> None:
        self.state.row["last_execution_id"] += 1
        self.reports.append(
            empty_report(
                execution_id=self.state.row["last_execution_id"],
                command_id=self.command_id,
                symbol=self.state.instrument.symbol,
                time_ms=self.now,
                **{**fields, **(changes or {})},
            )
        )

    def close(self, order: OrderRow) -> None:
        """The order has reached a terminal status: out of the book, into the memory."""
        self.state.orders = [other for other in self.state.orders if other is not order]
        self.state.remember_closed(order)


def is_waiting(order: OrderRow) -> bool:
    """Whether it is a stop that has not been triggered."""
    return not order["is_working"]


def left_of(order: OrderRow) -> int:
    """Lots still to be had; an order by quote quantity has no number of lots."""
    if order["quote_quantity_units"]:
        return 0
    gone = order["cumulative_quantity_lots"] + order["prevented_quantity_lots"]
    return order["quantity_lots"] - gone


def status_of_open(order: OrderRow) -> str:
    return "PARTIALLY_FILLED" if order["cumulative_quantity_lots"] else "NEW"


def opposite(side: str) -> str:
    return "SELL" if side == "BUY" else "BUY"


def empty_symbol_row(instrument: Instrument) -> SymbolRow:
    return SymbolRow(
        symbol=instrument.symbol,
        status=instrument.status,
        last_order_id=0,
        last_trade_id=0,
        last_execution_id=0,
        last_update_id=0,
        last_priority=0,
        last_price_ticks=0,
        time_ms=0,
        average_price_minutes=[],
    )


def empty_report(**fields: Any) -> ExecutionReport:
    """A report in which all that is not said is 0, NONE or ""."""
    report = ExecutionReport(
        execution_id=0,
        command_id="",
        account_id="",
        symbol="",
        order_id=0,
        client_order_id="",
        original_client_order_id="",
        execution_type="NONE",
        order_status="NONE",
        reject_reason="NONE",
        expiry_reason="NONE",
        side="NONE",
        order_type="NONE",
        time_in_force="NONE",
        self_trade_prevention="NONE",
        price_ticks=0,
        stop_price_ticks=0,
        quantity_lots=0,
        quote_quantity_units=0,
        iceberg_lots=0,
        budget_units=0,
        reserved_price_ticks=0,
        hold_id="",
        last_price_ticks=0,
        last_quantity_lots=0,
        last_quote_units=0,
        cumulative_quantity_lots=0,
        cumulative_quote_units=0,
        leaves_quantity_lots=0,
        prevented_quantity_lots=0,
        trade_id=0,
        counter_order_id=0,
        role="NONE",
        commission_units=0,
        commission_rate_ppm=0,
        is_working=False,
        order_time_ms=0,
        working_time_ms=0,
        time_ms=0,
        order_list_id=0,
    )
    report.update(fields)  # type: ignore[typeddict-item]
    return report


def rejection_fields(place: PlaceOrder, reason: str) -> dict[str, Any]:
    """What a REJECTED report says besides where and when."""
    return {
        "account_id": place["account_id"],
        "client_order_id": place["client_order_id"],
        "execution_type": "REJECTED",
        "order_status": "REJECTED",
        "reject_reason": reason,
        **{name: place[name] for name in TERMS},  # type: ignore[literal-required]
    }


def refusal_fields(command: Mapping[str, Any], execution_type: str, reason: str) -> dict[str, Any]:
    """What the refusal of a cancel or amend says where there is no order to speak of."""
    return {
        "account_id": command["account_id"],
        "order_id": command["order_id"],
        "client_order_id": command["client_order_id"],
        "original_client_order_id": command["original_client_order_id"],
        "execution_type": execution_type,
        "order_status": "REJECTED",
        "reject_reason": reason,
    }
