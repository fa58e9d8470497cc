"""Dead letters: what must be one is exactly one, and says what it was."""

from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.findings import Findings


def check_dead_letter(findings: Findings, answered: Answered, letters: list[Output]) -> None:
    """Look at the dead letters of a record that had to become one."""
    assert answered.refusal is not None
    findings.figures["dead letters"] += len(letters)
    reason = answered.refusal[0]
    where, what = answered.position, called(answered)
    if len(letters) != 1:
        found = f"{len(letters)} dead letters" if letters else "no dead letter"
        findings.violated(where, f"{what} ({reason}) has {found}")
        return
    letter = letters[0].value
    record = answered.record
    kept = (letter["reason"], letter["key"], letter["value"])
    if kept != (reason, record.key or b"", record.value or b""):
        findings.violated(where, f"{what} is not what its dead letter says")


def called(answered: Answered) -> str:
    """What to call a command by."""
    name = answered.command.get("command_id", "")
    return f"{answered.kind} {name!r}" if answered.kind else "the record"
