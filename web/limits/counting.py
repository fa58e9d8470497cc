"""Counts and marks, in the memory of this process."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

_MARKS_KEPT = 10_000


class Verb(StrEnum):
    """What is done with a key; each gives the number that is there afterwards."""

    ADD = "+"
    """Add to a count, which ends with its window."""
    RAISE = "^"
    """Let a mark be at least so much."""
    READ = "?"
    """Change nothing; a mark that is not there is 0."""


class Step(NamedTuple):
    """One thing to do."""

    verb: Verb
    key: str
    """Of a count it names the window too."""
    number: int = 0
    end_ms: int = 0
    """When it may be forgotten."""


class Counters(Protocol):
    """Where counts are kept."""

    async def apply(self, steps: Sequence[Step]) -> list[int]:
        """Do all of these; what each gives.  Never fails: it counts as well as it can."""


class LocalCounters:
    """This process's own, where there is nobody to share with."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._memory = MemoryCounters()

    async def apply(self, steps: Sequence[Step]) -> list[int]:
        """Do these, at once."""
        now = self._clock()
        return [self._memory.do(step, now) for step in steps]


class MemoryCounters:
    """Counts in dictionaries, one a window: a window that is over goes as a whole."""

    __slots__ = ("_marks", "_windows")

    def __init__(self) -> None:
        self._windows: dict[int, dict[str, int]] = {}
        self._marks: dict[str, tuple[int, int]] = {}

    def add(self, key: str, number: int, end_ms: int, at_ms: int) -> int:
        """Add to a count; nothing is added to a window that is over."""
        counts = self._windows.get(end_ms)
        if counts is None:
            if end_ms <= at_ms:
                return 0
            counts = self._open(end_ms, at_ms)
        counts[key] = count = counts.get(key, 0) + number
        return count

    def set(self, key: str, count: int, end_ms: int, at_ms: int) -> None:
        """A count is known to be so much."""
        self.add(key, 0, end_ms, at_ms)
        if end_ms in self._windows:
            self._windows[end_ms][key] = count

    def raise_mark(self, key: str, number: int, end_ms: int, at_ms: int) -> int:
        """Let a mark be at least so much."""
        number = max(number, self.read_mark(key, at_ms))
        if len(self._marks) >= _MARKS_KEPT:
            self._marks = {name: mark for name, mark in self._marks.items() if mark[1] > at_ms}
        self._marks[key] = number, end_ms
        return number

    def read_mark(self, key: str, at_ms: int) -> int:
        """A mark, 0 when there is none."""
        number, end_ms = self._marks.get(key, (0, 0))
        return number if end_ms > at_ms else 0

    def do(self, step: Step, at_ms: int) -> int:
        """Whatever the step says."""
        verb, key, number, end_ms = step
        if verb is Verb.ADD:
            return self.add(key, number, end_ms, at_ms)
        if verb is Verb.RAISE:
            return self.raise_mark(key, number, end_ms, at_ms)
        return self.read_mark(key, at_ms)

    def take_all(self, at_ms: int) -> list[Step]:
        """All that is here and not over, as steps; nothing of it is left."""
        steps = [
            Step(Verb.ADD, key, count, end_ms)
            for end_ms, counts in self._windows.items()
            if end_ms > at_ms
            for key, count in counts.items()
        ]
        steps += [
            Step(Verb.RAISE, key, number, end_ms)
            for key, (number, end_ms) in self._marks.items()
            if end_ms > at_ms
        ]
        self._windows, self._marks = {}, {}
        return steps

    def _open(self, end_ms: int, at_ms: int) -> dict[str, int]:
        for old in [end for end in self._windows if end <= at_ms]:
            del self._windows[old]
        counts: dict[str, int] = {}
        self._windows[end_ms] = counts
        return counts
