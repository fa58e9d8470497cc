"""All invariants over one stretch of the log, record by record."""

from collections.abc import Mapping
from typing import Any

from schemas.codec import DecodeError, decode
from schemas.headers import CAUSATION_ID
from schemas.instruments import Instrument
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, ORDERS_INCOMING, WALLET_EVENTS
from tradeflow.checking.answered import OUTPUTS, REPORTS, Answered, Output
from tradeflow.checking.books import Books
from tradeflow.checking.findings import Findings
from tradeflow.checking.outcomes import Outcomes
from tradeflow.checking.pairing import Pairing
from tradeflow.checking.rerun import Rerun, TableRows
from tradeflow.topic_reader import Partition, Record

INPUT = ORDERS_INCOMING.name
_ORDERS_INPUTS = frozenset({ORDERS_COMMANDS.name, WALLET_EVENTS.name, ORDERS_EXECUTIONS.name})
_RECORD_OF = {topic.name: topic.values[0] for topic in OUTPUTS}

Cut = Mapping[int, int]
"""Input partition -> the first offset that is not looked at."""


class LogAudit:
    """Takes the records of inputs and outputs, each partition in order, and decodes each once."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        partition_counts: Mapping[str, int],
        cut: Cut,
    ) -> None:
        self._cut = cut
        self._begin: dict[int, int] = {}
        self.outcomes = Outcomes()
        self.books = Books()
        self.rerun = Rerun(instruments, partition_counts)
        self.pairing = Pairing(self._complete, self._stray)
        self.beyond: dict[Partition, int] = {}
        """Where each output partition first has something that commands after the cut caused."""
        self._verified: dict[Partition, int] = {}

    @property
    def findings(self) -> list[Findings]:
        """What was found, by invariant."""
        return [self.outcomes.findings, self.books.findings, self.rerun.findings]

    def begin(self, offsets: Mapping[int, int], verified: Mapping[Partition, int]) -> None:
        """Begin at these input offsets: everything before was looked at by an earlier check.

        ``verified`` is up to where that check read each output partition.
        """
        self._begin = dict(offsets)
        self._verified = dict(verified)
        for partition, offset in offsets.items():
            self.pairing.begin(partition, offset)

    def take(self, record: Record) -> None:
        """The next record of any of the partitions."""
        if record.partition.topic != INPUT:
            self._take_output(record)
        elif record.offset < self._cut.get(record.partition.number, 0):
            self.pairing.command(self.rerun.expect(record))

    def finish(self, tables: Mapping[int, TableRows]) -> None:
        """All was read: judge what is incomplete, and the tables of the partitions given."""
        self.pairing.finish()
        for number, rows in tables.items():
            self.rerun.compare_table(number, rows)

    def to_state(self) -> dict[str, Any]:
        """All that a later check needs to go on from here."""
        return {
            "books": self.books.to_state(),
            "engine": {
                str(number): rerun.to_state() for number, rerun in self.rerun.partitions.items()
            },
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier check."""
        self.books.load(state["books"])
        for number, rows in state["engine"].items():
            self.rerun.partition(int(number)).load(rows)

    def _take_output(self, record: Record) -> None:
        cause = cause_of(record)
        if cause is None or cause[0] not in self._cut:
            if not self._is_of_another_stage(record):
                self._violated(record, "nothing in orders.incoming caused this record")
            return
        partition, offset = cause
        if offset >= self._cut[partition]:
            self.beyond.setdefault(record.partition, record.offset)
            return
        is_old = offset < self._begin.get(partition, 0)
        if is_old and record.offset < self._verified.get(record.partition, 0):
            return
        output = self._decoded(record, cause)
        if output is None:
            return
        if is_old:
            self._stray(output, "its command was answered in full long before")
        else:
            self.pairing.output(output)

    def _is_of_another_stage(self, record: Record) -> bool:
        """Whether it is a tick, or a report of the orders stage, which numbers none."""
        if record.partition.topic != REPORTS:
            return False
        try:
            name, value = decode(record.value or b"")
        except DecodeError:
            return False
        cause = (record.header(CAUSATION_ID) or b"").partition(b"/")[0].decode(errors="replace")
        is_answer = name == "ExecutionReport" and not value["execution_id"]
        return name == "Tick" or (is_answer and cause in _ORDERS_INPUTS)

    def _decoded(self, record: Record, cause: tuple[int, int]) -> Output | None:
        try:
            name, value = decode(record.value or b"")
        except DecodeError as fault:
            self._violated(record, f"it cannot be decoded: {fault}")
            return None
        if name != _RECORD_OF[record.partition.topic]:
            self._violated(record, f"{name} does not belong here")
            return None
        return Output(record, value, cause)

    def _violated(self, record: Record, text: str) -> None:
        self.rerun.findings.violated(record.position, text)

    def _complete(self, answered: Answered) -> None:
        self.outcomes.complete(answered)
        self.books.complete(answered)
        self.rerun.complete(answered)

    def _stray(self, output: Output, why: str) -> None:
        self.outcomes.stray(output, why)
        self.books.stray(output, why)
        self.rerun.stray(output, why)


def cause_of(record: Record) -> tuple[int, int] | None:
    """Partition and offset, in ``orders.incoming``, of the command that caused an output."""
    topic, _, rest = (record.header(CAUSATION_ID) or b"").partition(b"/")
    partition, _, offset = rest.partition(b"/")
    if topic != INPUT.encode() or not (partition.isdigit() and offset.isdigit()):
        return None
    return int(partition), int(offset)
