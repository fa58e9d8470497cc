"""I2, I7 and I8, as clients see them: each command answered once, nothing told that was not asked.

And of what is no command: one dead letter, whole.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.topics import ORDERS_COMMANDS
from streams.domain.saga import SECOND_LEG
from tradeflow.checking.findings import Findings
from tradeflow.checking.placed_orders import PLACEMENTS
from tradeflow.simulation.log import LogRecord
from tradeflow.simulation.promises.seen import Seen

_INPUT = ORDERS_COMMANDS.name
_PLACED = frozenset({"NEW", "REJECTED", "ORDER_STATUS"})
_ANSWERS = {
    "PlaceOrder": _PLACED,
    # Its first half is not an answer to it yet.
    "CancelReplaceOrder": _PLACED,
    # One for each leg; a repeat is answered once.
    "PlaceOrderList": _PLACED,
    "CancelOrder": frozenset({"CANCELED", "CANCEL_REJECTED", "ORDER_STATUS"}),
    "AmendOrder": frozenset({"REPLACED", "AMEND_REJECTED", "ORDER_STATUS"}),
    "QueryOrder": frozenset({"REJECTED", "ORDER_STATUS"}),
    "SetSymbolStatus": frozenset({"STATUS_CHANGED", "REJECTED"}),
}
_DONE = ("COMPLETED", "FAILED")
_DONE_TO_ORDERS = ("CANCELED", "REPLACED")

_REMEMBERED_MS = 540_000
"""Repeats within it are recognised: the stage's ten minutes, and some less."""

CommandId = tuple[str, str]
"""Account and command id."""


class ClientAnswers:
    """What was asked in ``orders.commands``, and what ``orders.executions`` says of it."""

    def __init__(self) -> None:
        self.answered = Findings("I2", "every command has exactly one outcome, bad ones a letter")
        self.logged = Findings("I7", "what a client is told of is in the log")
        self.single = Findings("I8", "one client order id, any number of submissions, one order")
        self.outcomes: Counter[str] = Counter()
        self._asked: defaultdict[CommandId, list[Seen]] = defaultdict(list)
        self._ids: set[str] = set()
        self._told: defaultdict[CommandId, list[Mapping[str, Any]]] = defaultdict(list)
        self._accepted: Counter[tuple[str, str, str]] = Counter()
        self._refused_at: defaultdict[CommandId, set[int]] = defaultdict(set)
        """Offsets of what the orders stage refused as soon as it saw it."""
        self._renamed: dict[tuple[str, str], str] = {}
        self._expected: dict[str, LogRecord] = {}
        self._lettered: set[str] = set()

    def expect_letter(self, record: LogRecord) -> None:
        """This record is to become a dead letter."""
        self._expected[record.position] = record

    def asked(self, seen: Seen) -> None:
        """The next of ``orders.commands``."""
        if seen.name in _ANSWERS and seen.position not in self._expected:
            command = seen.value
            self._asked[command["account_id"], command["command_id"]].append(seen)
            self._ids.add(command["command_id"])

    def told(self, seen: Seen) -> None:
        """The next of ``orders.executions``."""
        if seen.name != "ExecutionReport":
            return
        report = seen.value
        self.outcomes[report["execution_type"]] += 1
        self.logged.figures["reports"] += 1
        asked_as = report["command_id"].partition("~")[0]
        key = report["account_id"], report["command_id"]
        self._told[key].append(report)
        if asked_as not in self._ids:
            self.logged.violated(seen.position, f"nobody sent a command {asked_as}")
        if not report["execution_id"] and report["execution_type"] != "ORDER_STATUS":
            topic, _, offset = seen.cause.rpartition("/")
            if topic.startswith(_INPUT):
                self._refused_at[key].add(int(offset))
        if report["execution_type"] == "REPLACED":
            self._renamed[key[0], report["original_client_order_id"]] = report["command_id"]
        if report["execution_type"] == "NEW":
            if key not in self._asked and (key[0], asked_as) not in self._asked:
                self.logged.violated(seen.position, f"{key} never placed an order")
            name = report["account_id"], report["symbol"], report["client_order_id"]
            self._accepted[name] += 1
            self.single.figures["orders"] += 1
            if self._accepted[name] > 1:
                self.single.violated(seen.position, f"{name} is accepted a second time")

    def lettered(self, seen: Seen) -> None:
        """The next dead letter of any stage."""
        letter = seen.value
        position = f"{letter['topic']}/{letter['partition']}/{letter['offset']}"
        self.answered.figures["dead letters"] += 1
        record = self._expected.get(position)
        if record is None:
            why = f"{letter['reason']} {letter['detail']}"
            self.answered.violated(seen.position, f"{position} is a dead letter: {why}")
        elif position in self._lettered:
            self.answered.violated(seen.position, f"{position} is a dead letter twice")
        elif (letter["key"], letter["value"]) != (record.key() or b"", record.value() or b""):
            self.answered.violated(seen.position, f"{position} is not kept whole")
        self._lettered.add(position)

    def reckon(self, sagas: Iterable[Mapping[str, Any]]) -> None:
        """When all is quiet: nothing is left unanswered, and the sagas say so too."""
        for position in sorted(self._expected.keys() - self._lettered):
            self.answered.violated(position, "has no dead letter")
        for key, asked in self._asked.items():
            self._check_answers(key, asked)
        for saga in sagas:
            self._check_saga(saga)

    def _check_answers(self, key: CommandId, asked: list[Seen]) -> None:
        """As many answers as there are records with the id; one effect where they say the same."""
        self.answered.figures["commands"] += len(asked)
        kinds = frozenset().union(*(_ANSWERS[each.name] for each in asked))
        found = [
            report
            for report in self._told[key]
            if report["execution_type"] in kinds and not _is_cancelled_along(report)
        ]
        told = ", ".join(report["execution_type"] for report in found) or "nothing"
        names = ", ".join(each.name for each in asked)
        is_list = any(each.name == "PlaceOrderList" for each in asked)
        halves = sum(is_list and each["execution_type"] != "ORDER_STATUS" for each in found)
        if len(found) - halves / 2 != len(asked):
            self.answered.violated(" ".join(key), f"{names} is answered by: {told}")
        if len(asked) == 1 or not _is_repeated(asked):
            return
        self.single.figures["repeats"] += len(asked) - 1
        others = [
            report
            for report in found
            if report["execution_type"] != "ORDER_STATUS"
            and not self._is_lost(asked[0].value, report)
        ]
        if any(report["reject_reason"] == "COMMAND_ID_REUSED" for report in others):
            self.single.violated(" ".join(key), f"{names}: a repeat is taken for another command")
        # What was refused at once is not remembered, and may be done when it is sent again; what
        # was taken up is not refused later.  (A change that came to nothing is no matter.)
        is_placed = asked[0].name in PLACEMENTS
        was_done = is_placed or any(each["execution_type"] in _DONE_TO_ORDERS for each in others)
        refused = self._refused_at[key]
        taken = {each.record.offset() for each in asked} - refused
        is_late = bool(taken and refused and max(refused) > min(taken))
        if is_late and was_done and len(others) > 1 + is_list:
            self.single.violated(" ".join(key), f"{names}: a repeat has an effect: {told}")

    def _is_lost(self, command: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
        """Whether a repeat cannot find its order, whose name another command has changed."""
        if answer["execution_id"] or answer["reject_reason"] != "UNKNOWN_ORDER":
            return False
        names = (command.get("original_client_order_id", ""), command.get("client_order_id", ""))
        renamers = {self._renamed.get((command["account_id"], name), "") for name in names}
        return bool(renamers - {"", command["command_id"]})

    def _check_saga(self, saga: Mapping[str, Any]) -> None:
        where = f"saga {saga['account_id']} {saga['saga_id']}"
        self.answered.figures["sagas"] += 1
        if saga["state"] not in _DONE or saga["waiting"]:
            self.answered.violated(where, f"{saga['state']}, {len(saga['waiting'])} wait")
        numbered = [
            report
            for report in self._told[saga["account_id"], saga["saga_id"].removesuffix(SECOND_LEG)]
            if report["execution_type"] == "NEW"
        ]
        has_order = bool(numbered)
        if has_order != (saga["state"] == "COMPLETED"):
            self.answered.violated(where, f"{saga['state']}, {len(numbered)} orders accepted")


def _is_cancelled_along(report: Mapping[str, Any]) -> bool:
    """Whether it tells of the leg that was not named, when its list's other one was cancelled."""
    told = report["execution_type"], report["expiry_reason"]
    return told == ("CANCELED", "OCO_TRIGGER")


def _is_repeated(asked: list[Seen]) -> bool:
    """Whether records with one id say the same but for their time, and came soon enough."""
    first, last = asked[0], asked[-1]
    if first.name in ("QueryOrder", "SetSymbolStatus"):
        return False
    if last.record.timestamp()[1] - first.record.timestamp()[1] > _REMEMBERED_MS:
        return False
    said = [(each.name, {**each.value, "time_ms": 0}) for each in asked]
    return all(each == said[0] for each in said)
