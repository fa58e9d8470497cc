"""What a run says in the end."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tradeflow.checking.findings import Findings


@dataclass(frozen=True, slots=True)
class Failure:
    """What was first seen to be wrong."""

    step: int
    promise: str
    text: str
    error: BaseException | None = None
    """What a stage raised, if that is what went wrong."""


@dataclass(slots=True, kw_only=True)
class SimulationReport:
    """The run of one seed."""

    seed: int
    steps: int
    faults: Counter[str]
    commands: Counter[str]
    outcomes: Counter[str]
    findings: list[Findings]
    digest: str
    failure: Failure | None
    trace: list[str]

    @property
    def holds(self) -> bool:
        """Whether no promise was broken."""
        return self.failure is None

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        failure = self.failure
        return {
            "seed": self.seed,
            "holds": self.holds,
            "steps": self.steps,
            "faults": dict(sorted(self.faults.items())),
            "commands": dict(sorted(self.commands.items())),
            "outcomes": dict(sorted(self.outcomes.items())),
            "invariants": {
                findings.invariant: {
                    "holds": findings.holds,
                    "promise": findings.promise,
                    "figures": dict(findings.figures),
                    "first": [asdict(violation) for violation in findings.first],
                }
                for findings in self.findings
            },
            "digest": self.digest,
            "failure": None
            if failure is None
            else {"step": failure.step, "promise": failure.promise, "text": failure.text},
            "trace": [] if self.holds else self.trace,
        }

    def as_text(self, *, with_trace: bool, replay: str) -> RenderableType:
        """The report for people; ``replay`` is the command that runs it again."""
        lines: list[RenderableType] = []
        for name, counts in (
            ("Faults", self.faults),
            ("Commands", self.commands),
            ("Outcomes", self.outcomes),
        ):
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
            lines.append(Text(f"{name:<9} {told or 'none'}"))
        table = Table(box=None, padding=(0, 2), pad_edge=False)
        for column in ("", "Promise", "Verdict", "Looked at"):
            table.add_column(column)
        for findings in self.findings:
            verdict = "OK" if findings.holds else "VIOLATED"
            figures = ", ".join(f"{count:,} {name}" for name, count in findings.figures.items())
            table.add_row(findings.invariant, findings.promise, verdict, figures)
        lines.append(table)
        if with_trace or not self.holds:
            lines += [Text("Last steps:"), *(Text(line) for line in self.trace)]
        if self.failure is not None:
            lines += [
                Text(
                    f"Seed {self.seed}, step {self.failure.step}: {self.failure.promise}:"
                    f" {self.failure.text}",
                    style="bold red",
                ),
                Text(f"Again: {replay}"),
            ]
        lines.append(Text(f"Seed {self.seed}: {self.steps} steps, log {self.digest}"))
        return Group(*lines)
