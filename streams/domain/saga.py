"""A placement saga: its states as a table, and the live form of an ``OrderSagaRow``."""

from typing import Literal

from schemas.enums import OrderStatus, RejectReason, SagaState
from schemas.records import OrderSagaRow, SagaStep
from streams.domain.order_status import CLOSED_STATUSES

SagaEvent = Literal[
    "FUNDS_RESERVED",
    "FUNDS_REFUSED",
    "RESERVATION_TIMED_OUT",
    "SUBMITTED",
    "ACCEPTED",
    "REJECTED",
    "LOST",
]

TRANSITIONS: dict[tuple[SagaState, SagaEvent], SagaState] = {
    ("STARTED", "FUNDS_RESERVED"): "FUNDS_RESERVED",
    ("STARTED", "FUNDS_REFUSED"): "FAILED",
    ("STARTED", "RESERVATION_TIMED_OUT"): "FAILED",
    ("FUNDS_RESERVED", "FUNDS_REFUSED"): "FAILED",
    ("FUNDS_RESERVED", "SUBMITTED"): "MATCHING_SUBMITTED",
    ("MATCHING_SUBMITTED", "ACCEPTED"): "COMPLETED",
    ("MATCHING_SUBMITTED", "REJECTED"): "FAILED",
    ("MATCHING_SUBMITTED", "LOST"): "FAILED",
}
"""(state, what happened) -> the next state; whatever is not here changes nothing."""


SECOND_LEG = "~b"
"""Behind a saga's id: the saga of its order list's second leg, which the same hold pays for."""

WAITING_MAX = 20
"""How many commands wait for an order that is not submitted yet: they are in its row."""


class Saga:
    """A placement from its command to its order's end; fields as in the row."""

    __slots__ = (
        "saga_id",
        "account_id",
        "symbol",
        "client_order_id",
        "state",
        "reason",
        "hold_id",
        "order_id",
        "order_status",
        "last_execution_id",
        "requested_ms",
        "submitted_ms",
        "closed_ms",
        "steps",
        "payload",
        "waiting",
        "report",
    )

    def __init__(
        self,
        saga_id: str,
        account_id: str,
        symbol: str,
        client_order_id: str,
        requested_ms: int,
        payload: bytes,
    ) -> None:
        self.saga_id = saga_id
        self.account_id = account_id
        self.symbol = symbol
        self.client_order_id = client_order_id
        self.state: SagaState = "STARTED"
        self.reason: RejectReason = "NONE"
        self.hold_id = ""
        self.order_id = 0
        self.order_status: OrderStatus = "PENDING_NEW"
        self.last_execution_id = 0
        self.requested_ms = requested_ms
        self.submitted_ms = 0
        self.closed_ms = 0
        self.steps: list[SagaStep] = []
        self.payload = payload
        self.waiting: list[bytes] = []
        self.report = b""

    @property
    def key(self) -> str:
        """What it is found by: ids have no spaces."""
        return f"{self.account_id} {self.saga_id}"

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can happen to its order."""
        return self.state == "FAILED" or self.order_status in CLOSED_STATUSES

    @property
    def is_awaited(self) -> bool:
        """Whether it waits for an answer of matching, which is asked after in time."""
        if self.state == "STARTED":
            return not self.hold_id
        return self.state == "MATCHING_SUBMITTED"

    @property
    def is_reserving_again(self) -> bool:
        """Whether it waits for its second reservation, for the money that its cancel has freed."""
        return self.state == "STARTED" and self.hold_id.startswith(f"{self.saga_id}~")

    @property
    def is_reserving_first(self) -> bool:
        """Whether its reservation, or that of its list, was not answered yet."""
        return self.state == "STARTED" and self.hold_id != "" and not self.is_reserving_again

    @property
    def is_second_leg(self) -> bool:
        """Whether its order is the second one of an order list."""
        return self.saga_id.endswith(SECOND_LEG)

    @property
    def is_ahead(self) -> bool:
        """Whether its order is yet to be submitted, and commands on it wait for that."""
        return self.state in ("STARTED", "FUNDS_RESERVED")

    def happens(self, event: SagaEvent) -> bool:
        """Go to the next state; False, and nothing changes, where there is none."""
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            return False
        self.state = state
        return True

    def step(self, name: str, time_ms: int) -> None:
        """Note a step in the history."""
        self.steps.append({"name": name, "time_ms": time_ms})

    @classmethod
    def from_row(cls, row: OrderSagaRow) -> "Saga":
        """The saga that a row describes."""
        saga = cls(
            row["saga_id"],
            row["account_id"],
            row["symbol"],
            row["client_order_id"],
            row["requested_ms"],
            row["payload"],
        )
        saga.state = row["state"]
        saga.reason = row["reason"]
        saga.hold_id = row["hold_id"]
        saga.order_id = row["order_id"]
        saga.order_status = row["order_status"]
        saga.last_execution_id = row["last_execution_id"]
        saga.submitted_ms = row["submitted_ms"]
        saga.closed_ms = row["closed_ms"]
        saga.steps = list(row["steps"])
        saga.waiting = list(row["waiting"])
        saga.report = row["report"]
        return saga

    def to_row(self) -> OrderSagaRow:
        """The row that a table keeps of it."""
        return {
            "saga_id": self.saga_id,
            "account_id": self.account_id,
            "symbol": self.symbol,
            "client_order_id": self.client_order_id,
            "state": self.state,
            "reason": self.reason,
            "hold_id": self.hold_id,
            "order_id": self.order_id,
            "order_status": self.order_status,
            "last_execution_id": self.last_execution_id,
            "requested_ms": self.requested_ms,
            "submitted_ms": self.submitted_ms,
            "closed_ms": self.closed_ms,
            "steps": list(self.steps),
            "payload": self.payload,
            "waiting": list(self.waiting),
            "report": self.report,
        }
