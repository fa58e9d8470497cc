"""I2: every command has exactly one outcome."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.findings import Findings
from tradeflow.checking.letters import called, check_dead_letter
from tradeflow.checking.matching.outputs import LETTERS, REPORTS

# What answers a command, beside the reports of what it led to.
_ANSWERS: Mapping[str, frozenset[str]] = {
    "PlaceOrder": frozenset({"NEW", "REJECTED"}),
    "CancelOrder": frozenset({"CANCELED", "CANCEL_REJECTED"}),
    "CancelReplaceOrder": frozenset({"CANCELED", "CANCEL_REJECTED", "NEW", "REJECTED"}),
    "PlaceOrderList": frozenset({"NEW", "REJECTED"}),
    "AmendOrder": frozenset({"REPLACED", "AMEND_REJECTED"}),
    "SetSymbolStatus": frozenset({"STATUS_CHANGED", "REJECTED"}),
    "Tick": frozenset(),
}
_HOW_MANY = {"CancelReplaceOrder": 2, "PlaceOrderList": 2, "Tick": 0}


class Outcomes:
    """Each record of ``orders.incoming`` is answered once, or is one dead letter; never both."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def complete(self, answered: Answered) -> None:
        """Look at a command that has all its outputs."""
        self.findings.figures["records"] += answered.kind != "Tick"
        letters = list(answered.outputs(LETTERS))
        reports = list(answered.outputs(REPORTS))
        if answered.refusal is not None:
            check_dead_letter(self.findings, answered, letters)
            if reports:
                self._violated(answered, f"({answered.refusal[0]}) has an execution report as well")
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
        # A leg that ends with the other one of its list is no answer to its cancel.
        told = [report for report in reports if report["expiry_reason"] != "OCO_TRIGGER"]
        answers = [report["execution_type"] for report in told]
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

    def _violated(self, answered: Answered, text: str) -> None:
        self.findings.violated(answered.position, f"{called(answered)} {text}")
