"""What can go wrong, and how a process says so to whoever supervises it.

A fault inside a round aborts its transaction and ends the process: state in memory may be ahead of
the log, and the log is what counts.  The exit code says what a supervisor should do next.
"""

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faust.types import TP


class ExitCode(IntEnum):
    """Exit codes of a worker (BSD's sysexits.h where it has a word for it)."""

    CLEAN = 0
    """Stopped on request; nothing is open."""
    FAULT = 70
    """A bug or an unexpected error: start again; the same record is tried again."""
    FENCED = 71
    """Another process owns this worker's partitions or slot: start again, it will rejoin."""
    BROKER = 75
    """The broker did not answer in time: start again, with a pause."""
    POISONED = 76
    """Five faults at one record: do not start again before somebody has looked."""
    CONFIG = 78
    """Settings that cannot work: do not start again."""


class TransportError(Exception):
    """Base of the errors that end a worker; ``action`` tells the operator what to do."""

    exit_code = ExitCode.FAULT
    action = "the supervisor starts this worker again; the log and its metrics say how often"


class ConfigError(TransportError):
    """The settings, or the topics that exist, cannot work together."""

    exit_code = ExitCode.CONFIG
    action = "correct the setting named here and start the worker again"


class BrokerError(TransportError):
    """The broker could not be reached, or did not answer in time."""

    exit_code = ExitCode.BROKER
    action = "check that the broker runs and that the address is right"


class FencedError(TransportError):
    """This process was replaced: its group generation or its transactional id is not current."""

    exit_code = ExitCode.FENCED
    action = (
        "nothing, if this worker was stopped or stalled; else look for a second one in its slot, "
        "or for rounds that take longer than transaction_timeout_ms"
    )


class RecordError(TransportError):
    """A record could not be processed, or what it changed could not be written.

    ``position`` names it; a commit past ``behind`` shows that it got through after all.
    """

    action = "read the traceback above; the record is tried again after the restart"

    def __init__(self, position: str, cause: BaseException, *, behind: "tuple[TP, int]") -> None:
        super().__init__(f"a fault at {position}: {cause!r}")
        self.position = position
        self.behind = behind
        self.__cause__ = cause


class RoundError(TransportError):
    """The broker refused something of a round; which input it came of is not known."""


class RowError(TransportError):
    """A changed row could not become a changelog record."""

    def __init__(self, table: str, partition: int, why: str) -> None:
        super().__init__(f"a row of table {table}/{partition}: {why}")
        self.table = table
        self.partition = partition


class PoisonedError(TransportError):
    """The same record failed too often."""

    exit_code = ExitCode.POISONED
    action = (
        "ALERT: repair the agent or the data, then start the worker again; "
        "nothing was skipped and nothing is lost"
    )
