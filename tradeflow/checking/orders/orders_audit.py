"""The orders stage: everything that it wrote is told to who knows what it must be."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import (
    ORDERS_DEAD_LETTERS,
    ORDERS_INCOMING,
    WALLET_COMMANDS,
)
from tradeflow.checking.entry import Cause, Entry, table_row
from tradeflow.checking.findings import Promises
from tradeflow.checking.orders.paid_orders import PaidOrders
from tradeflow.checking.orders.placements import Placements
from tradeflow.checking.orders.replies import Replies
from tradeflow.checking.orders.saga_rows import SagaRows
from tradeflow.checking.orders.terms import CHANGES, INPUTS, saga_of
from tradeflow.checking.placed_orders import PLACEMENTS, hold_in
from tradeflow.checking.rows import TableRows
from tradeflow.topic_reader import Partition

_COMMANDS, _EVENTS, _EXECUTIONS = INPUTS
_INCOMING, _WALLET = ORDERS_INCOMING.name, WALLET_COMMANDS.name
TOPICS = (*INPUTS, _INCOMING, _WALLET, ORDERS_DEAD_LETTERS.name)
"""What is looked at."""

_SAGA = "saga "


class OrdersAudit:
    """I2, I4, I6 and I7 of the orders stage, whose three inputs have no order among them."""

    def __init__(
        self,
        found: Promises,
        instruments: Mapping[str, Instrument],
        cut: Mapping[Partition, int],
        *,
        timeout_ms: int,
    ) -> None:
        """``cut`` says how far each stage has come in its inputs."""
        self._cut = cut
        self._timeout_ms = timeout_ms
        self._seen: dict[Partition, int] = {}
        self._echo_ms: defaultdict[int, int] = defaultdict(int)
        self._executions_ms: defaultdict[int, int] = defaultdict(int)
        self.placements = Placements(found, instruments)
        self.replies = Replies(found, instruments, self.placements)
        self.paid = PaidOrders(found.holds, instruments)
        self.saga_rows = SagaRows(found.rerun, _numbers(cut, _EXECUTIONS))

    def take(self, entry: Entry) -> None:
        """The next record of any topic."""
        if entry.topic not in TOPICS or entry.offset < self._seen.get(entry.partition, 0):
            return
        self._seen[entry.partition] = entry.offset + 1
        if entry.topic == _COMMANDS:
            self.replies.command(entry)
            return
        if entry.topic == _EVENTS:
            self._take_event(entry)
        elif entry.topic == _EXECUTIONS and entry.name == "Tick":
            if self.is_past([*entry.partition, entry.offset]):
                self._executions_ms[entry.number] = entry.record.timestamp_ms
        elif entry.topic == _INCOMING and entry.name in PLACEMENTS:
            self.paid.ordered(entry)
        if entry.topic == _EXECUTIONS and entry.name == "ExecutionReport":
            self._take_report(entry)
        elif entry.cause is not None and entry.is_caused_by(*INPUTS):
            self._take_sent(entry, entry.cause)

    def _take_event(self, entry: Entry) -> None:
        if entry.name == "Tick":
            if self.is_past([*entry.partition, entry.offset]):
                self._echo_ms[entry.number] = entry.value["time_ms"]
        elif entry.name in ("FundsReservedEvent", "FundsReservationFailedEvent"):
            value = entry.value
            self.placements.touch(saga_of(value["account_id"], value["command_id"]), entry)
            if entry.name == "FundsReservedEvent":
                self.paid.reserved(entry)

    def _take_report(self, entry: Entry) -> None:
        report, cause = entry.value, entry.cause
        # A hold is in matching's reports only; of a symbol that it does not know, without a number.
        if report["execution_id"] or report["hold_id"]:
            if report["hold_id"]:
                self.saga_rows.report(entry)
                if report["execution_type"] in ("NEW", "REJECTED") and cause is not None:
                    key = saga_of(report["account_id"], report["hold_id"])
                    self.placements.outcome(key, entry, cause)
        elif cause is not None and entry.is_caused_by(_COMMANDS):
            self.replies.reply(entry)
        elif cause is not None and entry.is_caused_by(_EVENTS, _EXECUTIONS):
            self._take_late_report(entry, cause)

    def _take_late_report(self, entry: Entry, cause: Cause) -> None:
        report = entry.value
        if report["execution_type"] == "REJECTED":
            key = saga_of(report["account_id"], report["command_id"])
            self.replies.forget_half(key)
            self.placements.outcome(key, entry, cause)
        else:
            self.replies.reply_after_wait(entry)

    def _take_sent(self, entry: Entry, cause: Cause) -> None:
        """What the stage wrote besides reports."""
        if cause.partition.topic == _COMMANDS:
            self.replies.reply(entry)
            return
        name, value = entry.name, entry.value
        if name in PLACEMENTS:
            key = saga_of(value["account_id"], hold_in(value))
            self.placements.order(key, entry, cause)
        elif name == "WalletReleaseFundsCommand":
            self.paid.given_back(entry)
        elif name == "WalletReserveFundsCommand" or (
            name == "CancelOrder" and "~" in value["command_id"]
        ):
            # The stage's own: a second reservation, or a cancel that a saga sends.
            self.placements.touch(saga_of(value["account_id"], value["command_id"]), entry)
        elif name in CHANGES:
            self.replies.reply_after_wait(entry)

    def is_past(self, place: Any) -> bool:
        """Whether the stage that reads a record (topic, partition, offset) has come past it."""
        topic, number, offset = place
        return bool(offset < self._cut.get(Partition(topic, number), 0))

    def early(self) -> dict[str, int]:
        """By topic, of how many records what belongs to them was not read yet."""
        return {
            _COMMANDS: self.replies.open_commands + len(self.placements),
            _WALLET: self.replies.early_replies,
            _EXECUTIONS: self.replies.early_replies,
            _INCOMING: self.replies.early_replies + self.paid.early,
        }

    def finish(self, tables: Mapping[int, TableRows]) -> None:
        """All was read: judge what is incomplete, and the tables of the partitions given."""
        rows: dict[int, dict[str, Any]] = {
            number: {
                key.removeprefix(_SAGA): table_row(row)
                for key, row in kept.items()
                if key.startswith(_SAGA)
            }
            for number, kept in tables.items()
        }
        clocks = {
            number: min(time_ms, self._executions_ms[number])
            for number, time_ms in self._echo_ms.items()
        }
        self.replies.finish(self.is_past, rows, clocks, self._timeout_ms)
        self.placements.finish(self.is_past, rows, clocks, self._timeout_ms)
        self.paid.finish(_numbers(self._cut, _INCOMING))
        self.saga_rows.finish(rows)

    def resume(self) -> dict[Partition, int]:
        """Where the next check must begin to read."""
        return dict(self._seen)

    def to_state(self) -> dict[str, Any]:
        """All that a later check needs to go on from here."""
        return {
            "seen": [[*partition, offset] for partition, offset in self._seen.items()],
            "echo_ms": {str(number): time_ms for number, time_ms in self._echo_ms.items()},
            "executions_ms": {str(n): time_ms for n, time_ms in self._executions_ms.items()},
            "placements": self.placements.to_state(),
            "replies": self.replies.to_state(),
            "paid": self.paid.to_state(),
            "saga_rows": self.saga_rows.to_state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier check."""
        self._seen = {Partition(topic, n): offset for topic, n, offset in state["seen"]}
        for number, time_ms in state["echo_ms"].items():
            self._echo_ms[int(number)] = time_ms
        for number, time_ms in state["executions_ms"].items():
            self._executions_ms[int(number)] = time_ms
        self.placements.load(state["placements"])
        self.replies.load(state["replies"])
        self.paid.load(state["paid"])
        self.saga_rows.load(state["saga_rows"])


def _numbers(cut: Mapping[Partition, int], topic: str) -> dict[int, int]:
    return {partition.number: at for partition, at in cut.items() if partition.topic == topic}
