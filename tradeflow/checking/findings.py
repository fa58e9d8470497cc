"""What a check finds: violations as values, and figures of what was looked at."""

from collections import Counter
from dataclasses import dataclass, field

SHOWN_MAX = 20
"""So many violations of an invariant are kept whole; the others are counted."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be, and where it is in the log."""

    position: str
    """``topic/partition/offset``, or a table and a row's key."""
    text: str


@dataclass(slots=True)
class Findings:
    """The findings of one invariant."""

    invariant: str
    promise: str
    """What must hold, in a few words."""
    figures: Counter[str] = field(default_factory=Counter)
    violations: int = 0
    first: list[Violation] = field(default_factory=list)

    def violated(self, position: str, text: str) -> None:
        """Note a violation."""
        self.violations += 1
        if len(self.first) < SHOWN_MAX:
            self.first.append(Violation(position, text))

    @property
    def holds(self) -> bool:
        return not self.violations
