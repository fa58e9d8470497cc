"""I2: every command has exactly one outcome."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tradeflow.checking.answered import LETTERS, REPORTS, Answered, Output
from tradeflow.checking.findings import Findings

# What answers a command, beside the reports of what it led to.
_ANSWERS: Mapping[str, frozenset[str]] = {
    "PlaceOrder": frozenset({"NEW", "REJECTED"}),
    "CancelOrder": frozenset({"CANCELED", "CANCEL_REJECTED"}),
    "CancelReplaceOrder": frozenset({"CANCELED", "CANCEL_REJECTED", "NEW", "REJECTED"}),
    "AmendOrder": frozenset({"REPLACED", "AMEND_REJECTED"}),
    "SetSymbolStatus": frozenset({"STATUS_CHANGED", "REJECTED"}),
    "Tick": frozenset(),
}
_HOW_MANY = {"CancelReplaceOrder": 2, "Tick": 0}


class Outcomes:
    """Each record of ``orders.incoming`` is answered once, or is one dead letter; never both."""

    def __init__(self) -> None:
        self.findings = Findings("I2", "every command has exactly one outcome")

    def complete(self, answered: Answered) -> None:
        """Look at a command that has all its outputs."""
        self.findings.figures["records"] += 1
        letters = answered.letters()
        reports = list(answered.outputs(REPORTS))
        if answered.refusal is not None:
            self._check_dead_letter(answered, letters, reports)
            return
        if letters:
            self._violated(answered, f"is a dead letter ({letters[0].value['reason']})")
        self._check_answers(answered, [output.value for output in reports])

    def stray(self, output: Output, why: str) -> None:
        """An output that belongs to no command that is open."""
        topic = output.record.partition.topic
        if topic in (REPORTS, LETTERS):
            what = "an execution report" if topic == REPORTS else "a dead letter"
            self.findings.violated(output.position, f"{what} too many: {why}")

    def _check_answers(self, answered: Answered, reports: list[dict[str, Any]]) -> None:
        kinds = _ANSWERS[answered.kind]
        answers = [report["execution_type"] for report in reports]
        count = sum(answer in kinds for answer in answers)
        wanted = _HOW_MANY.get(answered.kind, 1)
        self.findings.figures["reports"] += len(reports)
        if count < wanted:
            found = f"{count} of {wanted} answers" if count else "no answer"
            self._violated(answered, f"has {found}")
        elif count > wanted:
            self._violated(answered, f"was answered {count} times: {', '.join(answers)}")
        ids = Counter(report["execution_id"] for report in reports if report["execution_id"])
        for execution_id, times in ids.items():
            if times > 1:
                self._violated(answered, f"has execution report {execution_id} {times} times")
        strange = {report["command_id"] for report in reports} - {
            answered.command.get("command_id")
        }
        if strange:
            self._violated(answered, f"caused reports that name the command {sorted(strange)[0]!r}")

    def _check_dead_letter(
        self, answered: Answered, letters: list[Output], reports: list[Output]
    ) -> None:
        self.findings.figures["dead letters"] += len(letters)
        assert answered.refusal is not None
        reason = answered.refusal[0]
        if reports:
            self._violated(answered, f"({reason}) has an execution report as well")
        if len(letters) != 1:
            found = f"{len(letters)} dead letters" if letters else "no dead letter"
            self._violated(answered, f"({reason}) has {found}")
            return
        letter = letters[0].value
        record = answered.record
        kept = (letter["reason"], letter["key"], letter["value"])
        if kept != (reason, record.key or b"", record.value or b""):
            self._violated(answered, f"is not what its dead letter at {letters[0].position} says")

    def _violated(self, answered: Answered, text: str) -> None:
        name = answered.command.get("command_id", "")
        what = f"{answered.kind} {name!r}" if answered.kind else "the record"
        self.findings.violated(answered.position, f"{what} {text}")
