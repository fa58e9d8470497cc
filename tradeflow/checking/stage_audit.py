"""A stage with one input is deterministic in it: its commands, and what the log has of each."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.entry import Entry
from tradeflow.checking.findings import Findings
from tradeflow.checking.pairing import Pairing
from tradeflow.topic_reader import Partition


class StageAudit(ABC):
    """Takes the records of a stage's input and outputs, each partition in order."""

    input: ClassVar[str]
    """The topic of its commands."""
    outputs: ClassVar[Mapping[str, Collection[str]]]
    """What it writes for others: the records by topic."""
    letters: ClassVar[str]
    """The one of them that has its dead letters."""

    def __init__(self, cut: Mapping[Partition, int]) -> None:
        """``cut`` says of each input partition which record is the first that is not looked at."""
        self._cut = {tp.number: offset for tp, offset in cut.items() if tp.topic == self.input}
        self._begin: dict[int, int] = {}
        self._verified: dict[Partition, int] = {}
        self._beyond: dict[Partition, int] = {}
        self.pairing = Pairing(self.complete, self.stray)

    # --- what a stage knows of itself ------------------------------------------------------------

    @abstractmethod
    def expect(self, entry: Entry) -> Answered:
        """The command of a record with all that must come of it."""

    @abstractmethod
    def complete(self, answered: Answered) -> None:
        """Look at a command that has all its outputs; those of a partition come in order."""

    @abstractmethod
    def stray(self, output: Output, why: str) -> None:
        """An output that belongs to no command that is open."""

    @abstractmethod
    def is_of_others(self, entry: Entry) -> bool:
        """Whether somebody else may have written a record of an output topic."""

    @property
    @abstractmethod
    def faults(self) -> Findings:
        """Where records are noted that cannot be the stage's."""

    # --- taking records --------------------------------------------------------------------------

    def take(self, entry: Entry) -> None:
        """The next record of any topic."""
        if entry.topic == self.input:
            number = entry.number
            if self._begin.get(number, 0) <= entry.offset < self._cut.get(number, 0):
                self.pairing.command(self.expect(entry))
        elif entry.topic in self.outputs:
            self._take_output(entry)

    def _take_output(self, entry: Entry) -> None:
        cause = entry.cause
        if cause is None or cause.partition.topic != self.input:
            if not self.is_of_others(entry):
                text = f"nothing in {self.input} caused this record"
                self.faults.violated(entry.position, text)
            return
        number, offset = cause.partition.number, cause.offset
        if number not in self._cut:
            self.faults.violated(entry.position, f"there is no {cause.partition}, said to cause it")
            return
        if offset >= self._cut[number]:
            self._beyond.setdefault(entry.partition, entry.offset)
            return
        is_old = offset < self._begin.get(number, 0)
        if is_old and entry.offset < self._verified.get(entry.partition, 0):
            return
        if entry.fault is not None:
            self.faults.violated(entry.position, f"it cannot be decoded: {entry.fault[1]}")
        elif entry.name not in self.outputs[entry.topic]:
            self.faults.violated(entry.position, f"{entry.name} does not belong here")
        else:
            output = Output(entry.record, entry.value, (number, offset), entry.name)
            if is_old:
                self.stray(output, "its command was answered in full long before")
            else:
                self.pairing.output(output)

    # --- going on later --------------------------------------------------------------------------

    def resume(self, read_to: Mapping[Partition, int]) -> dict[Partition, int]:
        """Where the next check must begin to read, when this one has read so far."""
        starts = {Partition(self.input, number): offset for number, offset in self._cut.items()}
        for partition, offset in read_to.items():
            if partition.topic in self.outputs:
                starts[partition] = self._beyond.get(partition, offset)
        return starts

    def place(self, read_to: Mapping[Partition, int]) -> dict[str, Any]:
        """Where this check ended, for a checkpoint."""
        verified = {tp: offset for tp, offset in read_to.items() if tp.topic in self.outputs}
        return {
            "begin": {str(number): offset for number, offset in self._cut.items()},
            "verified": [[*tp, offset] for tp, offset in verified.items()],
        }

    def begin(self, place: Mapping[str, Any]) -> None:
        """Go on where an earlier check ended."""
        self._begin = {int(number): offset for number, offset in place["begin"].items()}
        self._verified = {Partition(topic, n): at for topic, n, at in place["verified"]}
        for number, offset in self._begin.items():
            self.pairing.begin(number, offset)
