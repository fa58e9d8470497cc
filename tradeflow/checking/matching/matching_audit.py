"""The matching stage: each command has its outputs, and the log has what the engine gives."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, ORDERS_INCOMING, WALLET_EVENTS
from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.entry import Entry
from tradeflow.checking.findings import Findings, Promises
from tradeflow.checking.matching.books import Books
from tradeflow.checking.matching.client_ids import ClientIds
from tradeflow.checking.matching.fill_money import FillMoney
from tradeflow.checking.matching.outcomes import Outcomes
from tradeflow.checking.matching.outputs import LETTERS, OUTPUTS, REPORTS, SETTLEMENTS, reports_of
from tradeflow.checking.matching.rerun import Rerun
from tradeflow.checking.placed_orders import PLACEMENTS, hold_in
from tradeflow.checking.rows import TableRows
from tradeflow.checking.stage_audit import StageAudit
from tradeflow.topic_reader import Partition

_ORDERS_INPUTS = (ORDERS_COMMANDS.name, WALLET_EVENTS.name, ORDERS_EXECUTIONS.name)


class MatchingAudit(StageAudit):
    """I2, I5, I6 and I8 of matching, and I1 of its fills."""

    input = ORDERS_INCOMING.name
    outputs = OUTPUTS
    letters = LETTERS

    def __init__(
        self,
        found: Promises,
        instruments: Mapping[str, Instrument],
        partition_counts: Mapping[str, int],
        cut: Mapping[Partition, int],
        *,
        also: Callable[[list[ExecutionReport]], None] = lambda reports: None,
    ) -> None:
        """``also`` is shown the reports of each command, command by command."""
        super().__init__(cut)
        self._also = also
        self.outcomes = Outcomes(found.outcomes)
        self.books = Books(found.books)
        self.client_ids = ClientIds(found.client_ids)
        self.fill_money = FillMoney(found.money, instruments)
        self.rerun = Rerun(found.rerun, instruments, partition_counts)
        self._holds = found.holds

    @property
    def faults(self) -> Findings:
        return self.rerun.findings

    def expect(self, entry: Entry) -> Answered:
        answered = self.rerun.expect(entry)
        if entry.name in PLACEMENTS and not hold_in(entry.value):
            self._holds.figures["unpaid orders"] += 1
        return answered

    def complete(self, answered: Answered) -> None:
        self.outcomes.complete(answered)
        self.books.complete(answered)
        self.rerun.complete(answered)
        reports = [report for report in reports_of(answered) if report["execution_id"]]
        self.client_ids.complete(answered.position, reports)
        self.fill_money.complete(answered, reports)
        self._also(reports)

    def stray(self, output: Output, why: str) -> None:
        self.outcomes.stray(output, why)
        self.books.stray(output, why)
        self.rerun.stray(output, why)

    def is_of_others(self, entry: Entry) -> bool:
        """A tick or a report of the orders stage, which numbers none; any command but a fill's."""
        if entry.topic == REPORTS:
            is_answer = entry.name == "ExecutionReport" and not entry.value["execution_id"]
            return entry.name == "Tick" or (is_answer and entry.is_caused_by(*_ORDERS_INPUTS))
        if entry.topic == SETTLEMENTS:
            is_fill = entry.name == "WalletSettleFillCommand"
            return not (is_fill or (_is_release(entry) and entry.value["execution_id"]))
        return False

    def finish(self, tables: Mapping[int, TableRows]) -> None:
        """All was read: judge what is incomplete, and the tables of the partitions given."""
        self.pairing.finish()
        for number, rows in tables.items():
            self.rerun.compare_table(number, rows)

    def to_state(self) -> dict[str, Any]:
        """All that a later check needs to go on from here."""
        return {
            "books": self.books.to_state(),
            "client_ids": self.client_ids.to_state(),
            "fill_money": self.fill_money.to_state(),
            "engine": {
                str(number): rerun.to_state() for number, rerun in self.rerun.partitions.items()
            },
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier check."""
        self.books.load(state["books"])
        self.client_ids.load(state["client_ids"])
        self.fill_money.load(state.get("fill_money", {}))
        for number, rows in state["engine"].items():
            self.rerun.partition(int(number)).load(rows)


def _is_release(entry: Entry) -> bool:
    return entry.name == "WalletReleaseFundsCommand"
