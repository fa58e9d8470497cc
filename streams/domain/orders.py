"""The orders of one partition of accounts: their placement sagas, and the way to matching."""

from collections.abc import Mapping
from typing import Any

from schemas.enums import RejectReason
from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from streams.domain.order_answers import Sent
from streams.domain.order_routing import change_order, query_order
from streams.domain.order_tracking import follow
from streams.domain.orders_state import REMEMBERED_LIMIT, OrdersRow, OrdersState
from streams.domain.placement_saga import funds_reserved, place, reservation_failed
from streams.domain.placement_timeouts import (
    ask_after,
    give_up_second_reservations,
    reservation_timed_out,
)
from streams.domain.saga import Saga
from streams.domain.state_hash import hash_of_rows

TIMEOUT_MS = 30_000
"""How long a step of a saga may take."""


class Orders:
    """One partition of the orders stage (``ORDERS.md``); ``state`` is for reading."""

    __slots__ = ("state",)

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        *,
        timeout_ms: int = TIMEOUT_MS,
        remembered_limit: int = REMEMBERED_LIMIT,
    ) -> None:
        self.state = OrdersState(
            instruments, timeout_ms=timeout_ms, remembered_limit=remembered_limit
        )

    @classmethod
    def restore(
        cls,
        instruments: Mapping[str, Instrument],
        rows: Mapping[str, Any],
        *,
        timeout_ms: int = TIMEOUT_MS,
        remembered_limit: int = REMEMBERED_LIMIT,
    ) -> "Orders":
        """The orders whose rows a table kept."""
        orders = cls(instruments, timeout_ms=timeout_ms, remembered_limit=remembered_limit)
        orders.state.load(rows)
        return orders

    def command(
        self, name: str, command: Mapping[str, Any], data: bytes, logged_ms: int
    ) -> list[Sent]:
        """Take a client's command, which is encoded in ``data`` and was logged at a time."""
        state = self.state
        state.advance_commands(logged_ms)
        if name in ("PlaceOrder", "CancelReplaceOrder", "PlaceOrderList"):
            return place(state, name, command, data)
        if name == "QueryOrder":
            return query_order(state, command)
        if name == "SetSymbolStatus":
            return [Sent("matching", name, command)]
        return change_order(state, name, command, data)

    def tick(self, logged_ms: int) -> list[Sent]:
        """A tick of the commands: it goes round by the wallet (``ORDERS.md``, «Echo»)."""
        self.state.advance_commands(logged_ms)
        return [Sent("wallet", "Tick", {"time_ms": logged_ms})]

    def reservation(self, name: str, event: Mapping[str, Any]) -> list[Sent]:
        """A reservation was made (FundsReservedEvent) or refused: with its order or without."""
        saga = self._saga(event["account_id"], event["command_id"])
        if saga is None or saga.hold_id != event["command_id"]:
            return []
        if event["is_repeat"]:
            # This stage asks once: the hold is of an order that it has forgotten, and may be spent.
            return reservation_failed(self.state, saga, "COMMAND_ID_REUSED")
        if name == "FundsReservedEvent":
            return funds_reserved(self.state, saga)
        # The names of the wallet's reasons are names of ours too.
        reason: RejectReason = event["reason"]
        return reservation_failed(self.state, saga, reason)

    def no_reservation(self, account_id: str, saga_id: str, requested_ms: int) -> list[Sent]:
        """The wallet's clock has passed a placement, logged at a time, by without an answer."""
        saga = self._saga(account_id, saga_id)
        if saga is None or saga.requested_ms != requested_ms:
            return []  # a repeat of the command: its saga asked when the first one came
        return reservation_timed_out(self.state, saga)

    def wallet_tick(self, time_ms: int) -> list[Sent]:
        """A tick of the commands has come back from the wallet: it answered all before it."""
        return give_up_second_reservations(self.state, time_ms)

    def report(self, report: ExecutionReport, data: bytes) -> list[Sent]:
        """Matching reported; ``data`` is the report encoded."""
        return follow(self.state, report, data)

    def executions_tick(self, time_ms: int) -> list[Sent]:
        """The executions have come to a time."""
        self.state.advance_executions(time_ms)
        return ask_after(self.state)

    def take_changes(self) -> dict[str, OrdersRow | None]:
        """By key, the rows that changed since the last call; None for one that is gone."""
        return self.state.take_changes()

    def state_hash(self) -> str:
        """A digest of all rows: equal ones go on alike."""
        return hash_of_rows(self.state.rows())

    def _saga(self, account_id: str, hold_id: str) -> Saga | None:
        return self.state.sagas.get(f"{account_id} {hold_id.partition('~')[0]}")
