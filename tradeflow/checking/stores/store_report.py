"""What was found of one store, and how one is looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tradeflow.checking.findings import Findings
from tradeflow.checking.stores.comparison import TableComparison

Progress = Callable[[str, int, int], None]
"""What is done, how much of it, of how much."""


class StoreUnreachableError(Exception):
    """A store cannot be looked at; the text says why, and what to do, in one line."""


class StoreChangedError(Exception):
    """The store was emptied or filled anew while it was looked at."""


@dataclass(slots=True)
class StoreReport:
    """One store, up to the positions that it had."""

    name: str
    address: str
    tables: dict[str, TableComparison] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    """``topic/partition`` -> the first record that it has not."""
    behind: int = 0
    """Records, but for ticks, that the log had when the store was read and the store had not."""
    notes: list[str] = field(default_factory=list)

    def table(self, name: str) -> TableComparison:
        """The comparison of one table, begun when it is first asked for."""
        return self.tables.setdefault(name, TableComparison(self.name, name))

    def tell(self, findings: Findings) -> None:
        """Add what differs, and what was looked at."""
        for table in self.tables.values():
            table.tell(findings)
        findings.standing[f"rows in {self.name}"] = sum(each.rows for each in self.tables.values())

    def lines(self) -> list[str]:
        """For a person: how far it is, and what could not be judged."""
        lines = list(self.notes)
        if self.behind:
            lines.append(f"{self.behind:,} records behind the log: what it has was compared.")
        for table in self.tables.values():
            if table.unjudged:
                lines.append(
                    f"{table.unjudged:,} of {table.name} not judged: the log has forgotten what"
                    " they were at the store's positions."
                )
        return [f"{self.name}: {line}" for line in lines]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "address": self.address,
            "behind": self.behind,
            "tables": {name: table.as_json() for name, table in self.tables.items()},
            "positions": self.positions,
            "notes": self.notes,
        }


class StoreCheck(Protocol):
    """A store that can be looked at."""

    name: str
    address: str

    def probe(self) -> None:
        """See that it answers and that a connector has fed it.

        Raises:
            StoreUnreachableError: it does not, or none has.
        """

    def run(self, bootstrap: str, progress: Progress) -> StoreReport:
        """Hold it against the log up to its positions.

        Raises:
            StoreUnreachableError: it went away.
            StoreChangedError: it was emptied meanwhile.
            TradeflowError: the log cannot be read.
        """
