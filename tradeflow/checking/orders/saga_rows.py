"""I6 of the orders table: each saga's row knows the last report on its order, and no other."""

from collections.abc import Mapping
from typing import Any

from schemas.records import OrderSagaRow
from schemas.topics import ORDERS_ORDERS
from streams.domain.age_queue import AgeQueue
from streams.domain.order_status import CLOSED_STATUSES
from streams.domain.orders_state import REMEMBERED_LIMIT, REMEMBERED_MS
from streams.domain.saga import SECOND_LEG
from tradeflow.checking.entry import Entry
from tradeflow.checking.findings import Findings
from tradeflow.checking.orders.terms import saga_of

CHANGELOG = ORDERS_ORDERS.name


class SagaRows:
    """The last report of every order that is open or was closed lately, by ``account saga``."""

    def __init__(self, findings: Findings, cut: Mapping[int, int]) -> None:
        """``cut`` says how far the orders stage has come in the executions."""
        self._findings = findings
        self._cut = cut
        self._last: dict[str, list[Any]] = {}
        """Execution id, order status, and the account's partition."""
        self._closed = AgeQueue(kept_ms=REMEMBERED_MS, limit=REMEMBERED_LIMIT)
        self._closed_ms: dict[str, int] = {}
        self._now_ms = 0
        self._ahead: list[list[Any]] = []
        """Reports that the stage has not come to: partition, offset, key, report, log's time."""

    def report(self, entry: Entry) -> None:
        """A report of matching on an order that a hold pays for."""
        value = entry.value
        key = saga_of(value["account_id"], value["hold_id"])
        if value["order_list_id"] not in (0, value["order_id"]):
            key += SECOND_LEG
        kept = [
            entry.number,
            entry.offset,
            key,
            value["execution_id"],
            value["execution_type"],
            value["order_status"],
            entry.record.timestamp_ms,
        ]
        if entry.offset < self._cut.get(entry.number, 0):
            self._follow(kept)
        else:
            self._ahead.append(kept)

    def _follow(self, kept: list[Any]) -> None:
        number, _, key, execution_id, execution_type, status, logged_ms = kept
        last = self._last.get(key)
        if last is not None and execution_type != "NEW" and execution_id <= last[0]:
            return
        if last is not None and execution_type == last[1] == "REJECTED":
            return  # of a list that is refused, the second leg
        self._last[key] = [execution_id, status, number]
        self._now_ms = max(self._now_ms, logged_ms)
        if status in CLOSED_STATUSES:
            self._closed_ms[key] = self._now_ms
            self._closed.add(self._now_ms, key)
        else:
            self._closed_ms.pop(key, None)
        for old in self._closed.take_old(self._now_ms):
            if old in self._closed_ms and old != key:
                del self._closed_ms[old]
                del self._last[old]

    def finish(self, tables: Mapping[int, Mapping[str, OrderSagaRow]]) -> None:
        """Compare with the sagas of each partition whose table was read."""
        standing = self._findings.standing
        standing["sagas"] = 0
        for number, sagas in tables.items():
            for key, row in sagas.items():
                standing["sagas"] += 1
                if text := self._fault_of(row, self._last.get(key)):
                    self._findings.violated(f"{CHANGELOG}/{number} saga {key}", text)
        for key, (execution_id, status, number) in self._last.items():
            is_missing = number in tables and key not in tables[number]
            if is_missing and status not in CLOSED_STATUSES:
                text = f"the changelog has no such row, and its order is {status} ({execution_id})"
                self._findings.violated(f"{CHANGELOG}/{number} saga {key}", text)

    def _fault_of(self, row: OrderSagaRow, last: list[Any] | None) -> str:
        """What a row does not know, or knows and was never reported; nothing where all is well."""
        told, status = row["last_execution_id"], row["order_status"]
        if last is None:
            is_unknown = told > 0 and not row["closed_ms"]
            return f"it has execution {told}, which is not in the log" if is_unknown else ""
        if not told and last[1] in CLOSED_STATUSES:
            return ""  # an order of this id that was closed long before
        if (told, status) != (last[0], last[1]):
            return f"it has execution {told} ({status}), the log {last[0]} ({last[1]})"
        return ""

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"last": self._last, "closed_ms": self._closed_ms, "ahead": self._ahead}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint, and with what the stage has come to since."""
        self._last = dict(state["last"])
        self._closed_ms = dict(state["closed_ms"])
        self._closed.load((time_ms, key) for key, time_ms in self._closed_ms.items())
        self._now_ms = max(self._closed_ms.values(), default=0)
        for kept in state["ahead"]:
            if kept[1] < self._cut.get(kept[0], 0):
                self._follow(kept)
            else:
                self._ahead.append(kept)
