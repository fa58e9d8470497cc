"""A figure: one measured value, what it is compared to, and the goal that it has to reach."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for a figure's value, or for its ratio to what ran beside it."""

    of: Literal["value", "ratio"]
    bound: Literal[">=", "<="]
    number: float

    def is_met(self, figure: "Figure") -> bool:
        """Whether the figure reaches the goal."""
        measured = figure.value if self.of == "value" else figure.ratio
        if measured is None:
            return False
        return measured >= self.number if self.bound == ">=" else measured <= self.number


def at_least(number: float) -> Goal:
    """The value must be so high."""
    return Goal("value", ">=", number)


def at_most(number: float) -> Goal:
    """The value must be so low."""
    return Goal("value", "<=", number)


def times(number: float) -> Goal:
    """The ratio must be so high."""
    return Goal("ratio", ">=", number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the results.

    ``rounds`` holds each round's value; ``value`` is their median.  Where something ran beside it,
    ``ratio`` is the median of the rounds' ratios: each round compares neighbours in time, since a
    machine drifts.
    """

    benchmark: str
    name: str
    value: float
    unit: str
    rounds: tuple[float, ...] = ()
    beside: str = ""
    beside_value: float | None = None
    ratio: float | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        return None if self.goal is None else self.goal.is_met(self)

    def as_json(self) -> dict[str, Any]:
        """The figure as plain values."""
        goal = self.goal
        return asdict(self) | {
            "goal": None if goal is None else f"{goal.of} {goal.bound} {goal.number:g}",
            "is_met": self.is_met,
        }


def figure(
    benchmark: str,
    name: str,
    rounds: Sequence[float],
    unit: str,
    *,
    beside: tuple[str, Sequence[float]] | None = None,
    goal: Goal | None = None,
    note: str = "",
) -> Figure:
    """The figure of some rounds; ``beside`` names what ran in the same rounds, with its values."""
    other, values = beside or ("", ())
    return Figure(
        benchmark=benchmark,
        name=name,
        value=median(rounds),
        unit=unit,
        rounds=tuple(rounds),
        beside=other,
        beside_value=median(values) if values else None,
        ratio=(
            median(mine / its for mine, its in zip(rounds, values, strict=True)) if values else None
        ),
        goal=goal,
        note=note,
    )


COLUMNS = ("Benchmark", "Figure", "Value", "Beside", "Ratio", "Goal", "Met")


def rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """The figures as texts, one for each column."""
    return [
        (
            one.benchmark,
            one.name,
            f"{amount(one.value)} {one.unit}",
            f"{one.beside}: {amount(one.beside_value)}" if one.beside_value is not None else "",
            "" if one.ratio is None else f"{one.ratio:.2f} ×",
            _goal_text(one),
            {None: "", True: "yes", False: "no"}[one.is_met],
        )
        for one in figures
    ]


def markdown(figures: Iterable[Figure]) -> str:
    """The figures as the table that the README quotes."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    lines += ["| " + " | ".join(row) + " |" for row in rows(figures)]
    return "\n".join(lines)


def amount(value: float) -> str:
    """A number with three or four digits that mean something."""
    if abs(value) >= 10_000:
        return f"{round(value, -2):,.0f}".replace(",", " ")
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _goal_text(one: Figure) -> str:
    if one.goal is None:
        return ""
    sign = {">=": "≥", "<=": "≤"}[one.goal.bound]
    if one.goal.of == "ratio":
        return f"{sign} {one.goal.number:g} ×"
    number = one.goal.number
    return f"{sign} {number:g}" if number < 10_000 else f"{sign} {amount(number)}"
