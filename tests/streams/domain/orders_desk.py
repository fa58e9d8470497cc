"""One partition of orders, told what happens in a few words; what it sends is told the same way."""

from collections.abc import Mapping
from typing import Any

from schemas.codec import encode
from streams.domain.order_answers import Sent
from streams.domain.orders import Orders
from streams.domain.saga import Saga
from tests.simulation.builders import a_cancel, a_cancel_replace, a_place, an_amend
from tests.streams.domain.builders import PERMISSIVE

RULES = {"AAABBB": PERMISSIVE}


class Desk:
    """Account ann's orders in AAABBB; time is the log's."""

    def __init__(self, *, timeout_ms: int = 30_000, remembered_limit: int = 100) -> None:
        self.options = {"timeout_ms": timeout_ms, "remembered_limit": remembered_limit}
        self.orders = Orders(RULES, **self.options)
        self.now = 1_000
        self.executions = 0
        self.rows: dict[str, Any] = {}
        self.is_restored_always = True
        """After each step, which takes its time where there are hundreds of rows."""

    # --- what happens ---------------------------------------------------------------------------

    def send(self, name: str, command: Mapping[str, Any]) -> list[str]:
        self.now += 1
        said = self.orders.command(name, command, encode(name, command), self.now)
        return self._after(said)

    def place(self, name: str = "p1", **terms: Any) -> list[str]:
        return self.send("PlaceOrder", self.order(name, **terms))

    def order(self, name: str, **terms: Any) -> Any:
        about = {"command_id": name, "client_order_id": f"my-{name}", "time_ms": 500}
        return a_place(**{"account_id": "ann", "symbol": "AAABBB", **about, **terms})

    def cancel(self, name: str, **terms: Any) -> list[str]:
        about = {"account_id": "ann", "symbol": "AAABBB", "command_id": name, "time_ms": 500}
        return self.send("CancelOrder", a_cancel(**{**about, **terms}))

    def amend(self, name: str, **terms: Any) -> list[str]:
        about = {"account_id": "ann", "symbol": "AAABBB", "command_id": name, "time_ms": 500}
        return self.send("AmendOrder", an_amend(**{**about, **terms}))

    def replace(
        self, name: str, old: str, mode: str = "STOP_ON_FAILURE", **terms: Any
    ) -> list[str]:
        about = {"account_id": "ann", "symbol": "AAABBB", "command_id": name, "time_ms": 500}
        cancel = a_cancel(original_client_order_id=f"my-{old}")
        place = self.order(name, **terms)
        return self.send("CancelReplaceOrder", a_cancel_replace(cancel, place, mode=mode, **about))

    def query(self, name: str = "q", **terms: Any) -> list[str]:
        about = {"account_id": "ann", "symbol": "AAABBB", "command_id": name, "time_ms": 500}
        asked = {"order_id": 0, "original_client_order_id": ""}
        return self.send("QueryOrder", {**about, **asked, **terms})

    def reserved(self, hold: str = "p1", *, is_repeat: bool = False) -> list[str]:
        event = {"account_id": "ann", "command_id": hold, "is_repeat": is_repeat}
        return self._after(self.orders.reservation("FundsReservedEvent", event))

    def refused(self, hold: str = "p1", reason: str = "INSUFFICIENT_BALANCE") -> list[str]:
        event = {"account_id": "ann", "command_id": hold, "reason": reason, "is_repeat": False}
        return self._after(self.orders.reservation("FundsReservationFailedEvent", event))

    def no_reservation(self, saga: str = "p1", later_ms: int = 0) -> list[str]:
        logged_ms = self.saga(saga).requested_ms + later_ms
        return self._after(self.orders.no_reservation("ann", saga, logged_ms))

    def report(self, kind: str, status: str, hold: str = "p1", **fields: Any) -> list[str]:
        from tests.simulation.reference_state import empty_report

        self.executions += 1
        about = {"account_id": "ann", "symbol": "AAABBB", "hold_id": hold, "command_id": hold}
        numbers = {"execution_id": self.executions, "order_id": 7, "time_ms": self.now}
        names = {"execution_type": kind, "order_status": status, "client_order_id": f"my-{hold}"}
        report = empty_report(**{**about, **numbers, **names, **fields})
        return self._after(self.orders.report(report, encode("ExecutionReport", report)))

    def executions_tick(self, after_ms: int) -> list[str]:
        self.now += after_ms
        return self._after(self.orders.executions_tick(self.now))

    def wallet_tick(self, after_ms: int) -> list[str]:
        self.now += after_ms
        return self._after(self.orders.wallet_tick(self.now))

    # --- what is asked of it --------------------------------------------------------------------

    def saga(self, name: str = "p1") -> Saga:
        return self.orders.state.sagas[f"ann {name}"]

    def steps(self, name: str = "p1") -> list[str]:
        return [step["name"] for step in self.saga(name).steps]

    def _after(self, sent: list[Sent]) -> list[str]:
        """What was sent, told; and the same orders from their rows, as after a crash."""
        for key, row in self.orders.take_changes().items():
            if row is None:
                del self.rows[key]
            else:
                self.rows[key] = row
        if self.is_restored_always:
            restored = Orders.restore(RULES, self.rows, **self.options)
            assert restored.state_hash() == self.orders.state_hash()
            assert found_by(restored) == found_by(self.orders)
            self.orders = restored
        for each in sent:
            encode(each.name, each.record)
        return [tell(each) for each in sent]


def found_by(orders: Orders) -> dict[Any, str]:
    """Which saga each client order id and each order id finds."""
    state = orders.state
    return {key: saga.key for key, saga in (*state.names.found.items(), *state.by_order.items())}


def tell(sent: Sent) -> str:
    """A record in a few words."""
    record = sent.record
    if sent.name == "WalletReserveFundsCommand":
        return f"reserve {record['amount_units']} {record['asset']} as {record['command_id']}"
    if sent.name == "WalletReleaseFundsCommand":
        return f"release {record['hold_id']}"
    if sent.name != "ExecutionReport":
        paid = f" paid by {record['hold_id']}" if sent.name == "PlaceOrder" else ""
        return f"{sent.name} {record.get('command_id', '')}{paid} to {sent.to}"
    words = [record["execution_type"], record["order_status"]]
    if record["reject_reason"] != "NONE":
        words.append(record["reject_reason"])
    if record["counter_order_id"]:
        words.append(f"see {record['counter_order_id']}")
    return " ".join(words)
