"""Brings commands and their outputs together while both are read, in any interleaving.

The outputs of one command are spread over partitions, and each partition mixes those of all
commands.  But what one partition of ``orders.incoming`` caused stands in its order in every
partition.  So a command is complete when each partition has shown as many records of it as are
expected, or has gone on to a later command.  Only commands that are not complete are kept.
"""

from collections import defaultdict, deque
from collections.abc import Callable

from tradeflow.checking.answered import Answered, Output
from tradeflow.topic_reader import Partition

Stream = tuple[Partition, int]
"""An output partition, and the input partition of what it holds."""


class Pairing:
    """Commands go in with what is expected of them; they come out, in order, with what there is."""

    def __init__(
        self, complete: Callable[[Answered], None], stray: Callable[[Output, str], None]
    ) -> None:
        self._complete = complete
        self._stray = stray
        self._open: defaultdict[int, dict[int, Answered]] = defaultdict(dict)
        self._due: defaultdict[Stream, deque[Answered]] = defaultdict(deque)
        self._early: defaultdict[int, dict[Partition, deque[Output]]] = defaultdict(dict)
        self._done: defaultdict[int, int] = defaultdict(int)

    def begin(self, partition: int, offset: int) -> None:
        """Commands of this input partition begin here: before it all were complete."""
        self._done[partition] = offset

    def command(self, answered: Answered) -> None:
        """The next command of its partition."""
        partition, offset = answered.record.partition.number, answered.record.offset
        self._open[partition][offset] = answered
        for stream, records in answered.expected.items():
            answered.awaited[stream] = len(records)
            self._due[stream, partition].append(answered)
        self._done[partition] = offset + 1
        early = self._early[partition]
        for stream in list(early):
            outputs = early[stream]
            while outputs and outputs[0].cause[1] <= offset:
                self._attach(outputs.popleft())
            if not outputs:
                del early[stream]
        self._release(partition)

    def output(self, output: Output) -> None:
        """The next record of an output partition; its cause is in its headers."""
        partition, offset = output.cause
        stream = output.record.partition
        early = self._early[partition]
        if offset >= self._done[partition]:
            early.setdefault(stream, deque()).append(output)
        else:
            self._attach(output)
            self._release(partition)

    def finish(self) -> None:
        """Nothing more will come: hand over what is incomplete."""
        for partition, commands in self._open.items():
            for answered in commands.values():
                answered.awaited.clear()
            self._release(partition)
        for early in self._early.values():
            for outputs in early.values():
                for output in outputs:
                    self._stray(output, "no such command")
        self._early.clear()

    @property
    def open_commands(self) -> int:
        """Commands that wait for outputs."""
        return sum(len(commands) for commands in self._open.values())

    def early_outputs(self) -> dict[Partition, int]:
        """Outputs that wait for their commands."""
        counts: defaultdict[Partition, int] = defaultdict(int)
        for early in self._early.values():
            for partition, outputs in early.items():
                counts[partition] += len(outputs)
        return counts

    def _attach(self, output: Output) -> None:
        partition, offset = output.cause
        stream = output.record.partition
        due = self._due[stream, partition]
        while due and due[0].record.offset < offset:
            # The partition has gone on: what it still owed to earlier commands never comes.
            due.popleft().awaited.pop(stream, None)
        answered = self._open[partition].get(offset)
        if answered is None:
            self._stray(output, "the command was answered in full before")
            return
        answered.actual.setdefault(stream, []).append(output)
        left = answered.awaited.get(stream)
        if left == 1:
            del answered.awaited[stream]
            due.popleft()
        elif left is not None:
            answered.awaited[stream] = left - 1

    def _release(self, partition: int) -> None:
        commands = self._open[partition]
        while commands:
            offset, first = next(iter(commands.items()))
            if first.awaited:
                return
            del commands[offset]
            self._complete(first)
