"""Compares what the log has with what was computed, and says the first difference."""

from collections.abc import Mapping
from typing import Any

from schemas.codec import DecodeError, decode
from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.findings import Findings

TableRows = Mapping[str, bytes]
"""Row key and row, as the changelog has it: one partition's."""


def compare_outputs(
    findings: Findings,
    answered: Answered,
    expected: list[tuple[str, Any]],
    actual: list[Output],
) -> None:
    """Compare what one partition has of a command with what the engine made of it."""
    # Ticks are no figure: a quiet exchange has ever more of them.
    findings.figures["output records"] += sum(output.name != "Tick" for output in actual)
    for (name, record), output in zip(expected, actual, strict=False):
        if record != output.value or name != output.name:
            difference = first_difference(record, output.value)
            findings.violated(output.position, f"{difference} (of {answered.position})")
            return
    if len(expected) > len(actual):
        name, missing = expected[len(actual)]
        findings.violated(answered.position, f"{name} is missing: {brief(missing)}")
    elif len(actual) > len(expected):
        output = actual[len(expected)]
        findings.violated(
            output.position, f"the engine gives no such record of {answered.position}"
        )


def compare_rows(
    findings: Findings, place: str, computed: Mapping[str, Any], kept: TableRows
) -> None:
    """Compare a partition's rows with those that its changelog holds."""
    rows = findings.standing
    for key in computed.keys() | kept.keys():
        rows["table rows"] = rows.get("table rows", 0) + 1
        _compare_row(findings, f"{place} {key}", computed.get(key), kept.get(key))


def _compare_row(findings: Findings, position: str, computed: Any, kept: bytes | None) -> None:
    if kept is None:
        findings.violated(position, "the changelog has no such row")
        return
    try:
        row = decode(kept)[1]
    except DecodeError as fault:
        findings.violated(position, f"the row cannot be decoded: {fault}")
        return
    if computed is None:
        findings.violated(position, "the engine has no such row")
    elif row != computed:
        findings.violated(position, first_difference(computed, row))


def first_difference(expected: Mapping[str, Any], found: Any) -> str:
    """The first field in which a record is not as expected."""
    for name, value in expected.items():
        if found.get(name) != value:
            return f"{name} is {found.get(name)!r}, the engine gives {value!r}"
    return "it is another kind of record"


def brief(record: Mapping[str, Any]) -> str:
    """Enough of a record to know it by."""
    names = (
        "execution_id",
        "execution_type",
        "trade_id",
        "first_update_id",
        "order_id",
        "hold_id",
        "command_id",
    )
    return ", ".join(f"{name} {record[name]}" for name in names if record.get(name))
