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
    """What was looked at, all checks together."""
    standing: dict[str, int] = field(default_factory=dict)
    """What there is at the cut: an earlier check's figures do not add to it."""
    why_not: str = ""
    """Why it was not looked at; "": it was."""
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

    @property
    def all_figures(self) -> dict[str, int]:
        """Both kinds of figures, for a reader."""
        return {**self.figures, **self.standing}


class Promises:
    """The findings of every invariant: whoever looks at the log adds to those that it concerns."""

    def __init__(self) -> None:
        self.money = Findings("I1", "money in = available + held + in transit + fees")
        self.outcomes = Findings("I2", "every command has exactly one outcome")
        self.stores = Findings(
            "I3", "the stores agree with the log", why_not="no store was looked at"
        )
        self.holds = Findings("I4", "nothing negative, held = what open orders still need")
        self.books = Findings("I5", "books uncrossed, quantities conserved, numbers without gaps")
        self.rerun = Findings("I6", "run again, the log gives the same records and rows")
        self.accepted = Findings("I7", "what a client was told has its command in the log")
        self.client_ids = Findings("I8", "one client order id is one order")

    @property
    def all(self) -> list[Findings]:
        """By invariant."""
        return [
            self.money,
            self.outcomes,
            self.stores,
            self.holds,
            self.books,
            self.rerun,
            self.accepted,
            self.client_ids,
        ]
