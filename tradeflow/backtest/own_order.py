"""An order of the strategy, as the strategy knows it."""

from dataclasses import dataclass

from schemas.enums import OrderStatus, RejectReason, Side
from streams.domain.events import ReportEvent
from streams.domain.order_status import CLOSED_STATUSES


@dataclass(slots=True)
class OwnOrder:
    """What was asked for, and what was heard of it; prices in ticks, quantities in lots."""

    client_order_id: str
    side: Side
    price_ticks: int
    """0: a market order."""
    quantity_lots: int
    sent_ms: int
    double_mid_ticks: int | None
    """Twice the mid price that the strategy saw when it decided; None: one side was empty."""
    status: OrderStatus = "PENDING_NEW"
    filled_lots: int = 0
    is_cancelling: bool = False
    reject_reason: RejectReason = "NONE"

    @property
    def leaves_lots(self) -> int:
        """What may still trade."""
        return 0 if self.is_closed else self.quantity_lots - self.filled_lots

    @property
    def is_closed(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in CLOSED_STATUSES

    def hear(self, report: ReportEvent) -> None:
        """Take a report on the order in."""
        if report.execution_type in ("CANCEL_REJECTED", "AMEND_REJECTED"):
            self.is_cancelling = False
            return
        self.status = report.order_status
        self.filled_lots = report.cumulative_quantity_lots
        self.reject_reason = report.reject_reason
        if report.execution_type == "REPLACED":
            self.quantity_lots = report.quantity_lots
