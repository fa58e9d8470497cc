"""Commands that were sent, held against the execution reports that answer them; pure."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from schemas.enums import RejectReason
from schemas.records import ExecutionReport
from tradeflow.latencies import Latencies

_REFUSALS = {"REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED"}
_SAID_BY_TYPE = {*_REFUSALS, "REPLACED", "STATUS_CHANGED"}
# A command's later reports come with its first one or soon after.
_REMEMBERED = 20_000


class Answers:
    """What became of each command, and how long the first report took.  Times in seconds."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, str, float]] = {}
        self._recent: OrderedDict[str, tuple[str, str, int, str]] = OrderedDict()
        self.sent: Counter[str] = Counter()
        """By kind of command."""
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """By kind of command and where it led: an order status, REPLACED or a refusal."""
        self.rejections: Counter[RejectReason] = Counter()
        self.answered = 0
        self.given_up = 0
        """Commands that are not waited for any more."""
        self.latencies = Latencies()
        self.latencies_by_kind: dict[str, Latencies] = {}

    @property
    def waiting(self) -> int:
        """Commands without a report so far."""
        return len(self._waiting)

    @property
    def rejected(self) -> int:
        """Commands that were refused."""
        return self.rejections.total()

    def add(self, kind: str, command: Mapping[str, Any], at: float) -> None:
        """A command was sent."""
        self.sent[kind] += 1
        self._waiting[command["command_id"]] = kind, command["account_id"], at

    def take(self, report: ExecutionReport, at: float) -> bool:
        """A report came; whether it speaks of a command of ours (makers' reports do not)."""
        command_id = report["command_id"]
        outcome: str = report["order_status"]
        if report["execution_type"] in _SAID_BY_TYPE:
            outcome = report["execution_type"]
        waiting = self._waiting.get(command_id)
        if waiting is not None and waiting[1] == report["account_id"]:
            del self._waiting[command_id]
            kind, account_id, sent_at = waiting
            self.answered += 1
            self.latencies.add(at - sent_at)
            self.latencies_by_kind.setdefault(kind, Latencies()).add(at - sent_at)
        else:
            recent = self._recent.get(command_id)
            if recent is None or not _is_of_its_own(report, *recent[:3]):
                return False
            kind, account_id, _, before = recent
            self.outcomes[kind, before] -= 1
        if report["execution_type"] in _REFUSALS:
            self.rejections[report["reject_reason"]] += 1
        self.outcomes[kind, outcome] += 1
        self._recent[command_id] = kind, account_id, report["order_id"], outcome
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return True

    def give_up(self, before: float) -> list[str]:
        """Wait no more for commands sent before a moment; their ids."""
        lost = []
        for command_id, (_, _, sent_at) in self._waiting.items():
            if sent_at >= before:
                break
            lost.append(command_id)
        for command_id in lost:
            del self._waiting[command_id]
        self.given_up += len(lost)
        return lost

    def counted_outcomes(self) -> dict[tuple[str, str], int]:
        """The outcomes that happened, sorted by kind, the most frequent first."""
        return dict(
            sorted(
                ((key, count) for key, count in self.outcomes.items() if count),
                key=lambda item: (item[0][0], -item[1]),
            )
        )


def _is_of_its_own(report: ExecutionReport, kind: str, account_id: str, order_id: int) -> bool:
    """Whether a later report of a command speaks of the order that the command was about."""
    if report["account_id"] != account_id or report["role"] == "MAKER":
        return False
    # The second half of a cancel-replace is about a new order.
    is_next = kind == "CancelReplaceOrder" and report["execution_type"] in {"NEW", "REJECTED"}
    return is_next or report["order_id"] == order_id
