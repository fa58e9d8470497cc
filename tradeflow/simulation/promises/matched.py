"""Matching's promises at every step: one outcome a command, quantities conserved, priority kept."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import ORDERS_INCOMING
from streams.agents.matching import refuse_order_command
from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.findings import Promises
from tradeflow.checking.matching.books import Books
from tradeflow.checking.matching.outcomes import Outcomes
from tradeflow.checking.matching.outputs import LETTERS, reports_of
from tradeflow.simulation.log import LogRecord, SimulatedLog
from tradeflow.simulation.promises.queues import Queues
from tradeflow.simulation.promises.seen import Seen, seen
from tradeflow.topic_reader import Partition, Record

_INPUT = ORDERS_INCOMING.name


class MatchedCommands:
    """Brings each command of ``orders.incoming`` together with what it caused."""

    def __init__(self, instruments: Mapping[str, Instrument], log: SimulatedLog) -> None:
        found = Promises()
        self.outcomes = Outcomes(found.outcomes)
        self.books = Books(found.books)
        self._instruments = instruments
        self._log = log
        self._queues: defaultdict[str, Queues] = defaultdict(Queues)
        self._at: defaultdict[int, int] = defaultdict(int)
        self._caused: defaultdict[str, list[Seen]] = defaultdict(list)

    def caused(self, output: Seen) -> None:
        """A report, trade, depth update or dead letter of matching."""
        cause = output.cause
        if cause.startswith(_INPUT):
            self._caused[cause].append(output)

    def look(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Judge the commands up to the stage's committed offsets."""
        for (topic, number), end in offsets.items():
            start, self._at[number] = self._at[number], end
            for record in self._log.records(topic, number, start, end):
                self._judge(record)
        for cause, outputs in self._caused.items():
            for output in outputs:
                where = output.position
                self.outcomes.findings.violated(where, f"{cause} is not committed, or was before")
        self._caused.clear()

    def _judge(self, record: LogRecord) -> None:
        _, kind, command = seen(record)
        refusal: tuple[str, str] | None = ("", "")
        if kind:
            refusal = refuse_order_command(kind, command, record.key(), record.timestamp()[1])
        answered = Answered(_as_record(record), kind, command, refusal)
        for output in self._caused.pop(record.position, ()):
            there = _as_record(output.record)
            cause = record.partition(), record.offset()
            answered.actual.setdefault(there.partition, []).append(
                Output(there, output.value, cause, output.name)
            )
        if not kind and (letters := answered.values(LETTERS)):
            answered.refusal = letters[0]["reason"], ""
        self.outcomes.complete(answered)
        self.books.complete(answered)
        self._follow(answered)

    def _follow(self, answered: Answered) -> None:
        symbol = answered.command.get("symbol", "")
        if symbol not in self._instruments:
            return

        def violated(text: str) -> None:
            self.books.findings.violated(answered.position, f"{symbol}: {text}")

        reports: list[Any] = [each for each in reports_of(answered) if each["execution_id"]]
        self._queues[symbol].follow(reports, violated)


def _as_record(record: LogRecord) -> Record:
    return Record(
        Partition(record.topic(), record.partition()),
        record.offset(),
        record.timestamp()[1],
        record.key(),
        record.value(),
        tuple(record.headers() or ()),
    )
