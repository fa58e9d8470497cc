"""Why a Java program ended, from what it wrote before."""

import re

from tradeflow.errors import TradeflowError

# A stack trace names the deepest cause last.
_EXCEPTION = re.compile(r"^(Caused by: |Exception in thread .*)?[\w.$]+(Exception|Error): ")
_ERROR_LINE = re.compile(r"\b(ERROR|FATAL|Error)\b")

_NO_MACHINE = "Could not create the Java Virtual Machine"
_PREAMBLE = "Error occurred during initialization of VM"
_BESIDE_THE_POINT = re.compile(
    rf"{_NO_MACHINE}|{_PREAMBLE}|^Picked up |^(OpenJDK .* )?warning: ", re.I
)


def reason_to_fail(log: str) -> str:
    """The line of a Java program's log that says best why it ended."""
    lines = _lines(log)
    for wanted in (_EXCEPTION, _ERROR_LINE):
        found = [line for line in lines if wanted.search(line)]
        if found:
            return found[-1]
    return lines[-1] if lines else "it said nothing."


def java_refusal(log: str) -> TradeflowError | None:
    """What to tell people where Java itself did not start; None where it did."""
    lines = _lines(log)
    if not any(_NO_MACHINE in line or _PREAMBLE in line for line in lines):
        return None
    said = next((line for line in lines if not _BESIDE_THE_POINT.search(line)), lines[0])
    return TradeflowError(
        f"Java does not start with these options: {said}",
        remedy="Change TRADEFLOW_BROKER_HEAP or TRADEFLOW_BROKER_JAVA_OPTIONS.",
    )


def _lines(log: str) -> list[str]:
    return [line.strip() for line in log.splitlines() if line.strip()]
