"""Values that a store has beside those that the log gives: counts, a checksum, what differs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from tradeflow.checking.findings import Findings, Violation

SHOWN_MAX = 5
"""So many differences of a table are shown; all are counted."""

_TEXT_MAX = 200
_SUM_BYTES = 16

Row = Mapping[str, Any]
"""By column, in values that JSON has."""


WRONG, MISSING, EXTRA = "wrong", "missing", "extra"


@dataclass(slots=True)
class TableComparison:
    """One table, kind of key or collection of a store."""

    store: str
    name: str
    rows: int = 0
    """How many the store has, up to its positions."""
    unjudged: int = 0
    """Of how many rows the log no longer says what they were at the store's positions."""
    differences: dict[str, int] = field(default_factory=lambda: {WRONG: 0, MISSING: 0, EXTRA: 0})
    first: list[Violation] = field(default_factory=list)
    _sum: int = 0

    def has(self, key: str, row: Row | None) -> None:
        """The store has this row; rows are summed in any order."""
        self.rows += 1
        text = f"{key} {canonical(row)}".encode()
        digest = blake2b(text, digest_size=_SUM_BYTES).digest()
        self._sum = (self._sum + int.from_bytes(digest)) % (1 << 8 * _SUM_BYTES)

    @property
    def checksum(self) -> str:
        """Equal for equal rows."""
        return f"{self._sum:0{2 * _SUM_BYTES}x}"

    def wrong(self, key: str, expected: Row, found: Row) -> None:
        """The store's row is not the log's."""
        texts = [
            f"{name} is {_brief(found.get(name))}, the log gives {_brief(expected.get(name))}"
            for name in {**expected, **found}
            if canonical(expected.get(name)) != canonical(found.get(name))
        ]
        more = f" (and {len(texts) - 3} more)" if len(texts) > 3 else ""
        self._differs(WRONG, key, f"{'; '.join(texts[:3])}{more}")

    def missing(self, key: str, expected: Row) -> None:
        """The store lacks a row of the log."""
        self._differs(MISSING, key, f"is missing; the log gives {_brief(expected)}")

    def extra(self, key: str, found: Row) -> None:
        """The store has a row that the log does not give."""
        self._differs(EXTRA, key, f"the log gives no such row; the store has {_brief(found)}")

    def tell(self, findings: Findings) -> None:
        """Add what differs to the invariant's findings."""
        for violation in self.first:
            findings.violated(violation.position, violation.text)
        left = {kind: count for kind, count in self.differences.items() if count}
        count = sum(left.values())
        if count > len(self.first):
            # The others of this table are one line, so that every table is seen.
            findings.violated(
                f"{self.store} {self.name}",
                "in all " + ", ".join(f"{number:,} {kind}" for kind, number in left.items()),
            )
            findings.violations += count - len(self.first) - 1

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "rows": self.rows,
            "checksum": self.checksum,
            **self.differences,
            "not_judged": self.unjudged,
        }

    def _differs(self, kind: str, key: str, text: str) -> None:
        self.differences[kind] += 1
        if len(self.first) < SHOWN_MAX:
            self.first.append(Violation(f"{self.store} {self.name} {key}", text))


def canonical(value: Any) -> str:
    """One text for equal values, and another one for others: 1 is neither 1.0 nor true."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=bytes.hex
    )


def _brief(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 1]}…"
