"""What a check says in the end."""

from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.amounts import format_units
from tradeflow.checking.findings import Findings
from tradeflow.checking.stores.store_report import StoreReport

_VIOLATIONS_SHOWN = 5


@dataclass(slots=True, kw_only=True)
class Report:
    """The findings over one cut of the log."""

    findings: list[Findings]
    cut: dict[str, int]
    """``topic/partition`` -> the first command that was not looked at."""
    state_hashes: dict[str, str]
    money: list[dict[str, Any]]
    """By asset, in minor units: what came in and went out, and where the rest is."""
    commands: int
    """Commands that this check read; an earlier one may have read the others."""
    seconds: float
    notes: list[str] = field(default_factory=list)
    """What a reader must know: where it began, what it left out."""
    stores: list[StoreReport] = field(default_factory=list)
    """Those that were held against the log."""
    other_stores: dict[str, str] = field(default_factory=dict)
    """Why the others were not."""

    @property
    def holds(self) -> bool:
        """Whether no invariant is violated."""
        return all(findings.holds for findings in self.findings)

    def finding(self, invariant: str) -> Findings:
        """The findings of one invariant, by its name."""
        return next(each for each in self.findings if each.invariant == invariant)

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "holds": self.holds,
            "invariants": {
                findings.invariant: {
                    "holds": None if findings.why_not else findings.holds,
                    "promise": findings.promise,
                    "figures": findings.all_figures,
                    "why_not": findings.why_not,
                    "violations": findings.violations,
                    "first": [asdict(violation) for violation in findings.first],
                }
                for findings in self.findings
            },
            "cut": self.cut,
            "money": [_in_decimals(row) for row in self.money],
            "state_hashes": self.state_hashes,
            "commands": self.commands,
            "seconds": round(self.seconds, 3),
            "notes": self.notes,
            "stores": {
                **{store.name: store.as_json() for store in self.stores},
                **{name: {"why_not": why} for name, why in self.other_stores.items()},
            },
        }

    def as_text(self) -> RenderableType:
        """The report for people."""
        table = Table(box=None, padding=(0, 2), pad_edge=False)
        for column in ("", "Invariant", "Verdict", "Looked at"):
            table.add_column(column)
        for findings in self.findings:
            table.add_row(
                findings.invariant,
                findings.promise,
                _verdict(findings),
                findings.why_not
                or ", ".join(f"{count:,} {name}" for name, count in findings.all_figures.items()),
            )
        lines: list[RenderableType] = [table]
        for findings in self.findings:
            lines += _violation_lines(findings)
        if self.money:
            lines.append(_money_table(self.money))
        if self.state_hashes:
            lines.append(Text("State"))
            lines += [Text(f"  {name:<12} {digest}") for name, digest in self.state_hashes.items()]
        rate = self.commands / self.seconds if self.seconds else 0.0
        lines += [Text(note, style="yellow") for note in self.notes]
        for name, why in self.other_stores.items():
            lines.append(Text(f"{name}: not looked at: {why}", style="dim"))
        lines.append(
            Text(f"{self.commands:,} commands read in {self.seconds:.1f} s ({rate:,.0f}/s)")
        )
        return Group(*lines)


def _verdict(findings: Findings) -> Text:
    if findings.holds:
        return Text("—") if findings.why_not else Text("OK", style="bold green")
    return Text("VIOLATED", style="bold red")


def _in_decimals(row: dict[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else format_units(value)
        for name, value in row.items()
    }


def _money_table(money: list[dict[str, Any]]) -> Table:
    """One line an asset."""
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("Asset")
    for column in list(money[0])[1:]:
        table.add_column(
            {"transit": "In transit"}.get(column, column.capitalize()), justify="right"
        )
    for row in money:
        table.add_row(*_in_decimals(row).values())
    return table


def _violation_lines(findings: Findings) -> list[RenderableType]:
    if findings.holds:
        return []
    lines: list[RenderableType] = [
        Text(f"{findings.invariant}: {findings.violations:,} violations", style="bold red")
    ]
    for violation in findings.first[:_VIOLATIONS_SHOWN]:
        lines.append(Text(f"  {violation.position}: {violation.text}", style="red"))
    return lines
