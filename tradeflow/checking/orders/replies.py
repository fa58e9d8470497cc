"""I2 and I7 of clients' commands: what the orders stage answers to each, or makes of it.

A command is answered, sent on, or begins a placement; one on an order whose money is not reserved
yet waits, and is sent on or refused later.  Everything has its cause in its headers: what a command
caused itself is found by its place in the log, what came of a wait by the command's id.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.codec import decode
from schemas.instruments import Instrument
from schemas.records import OrderSagaRow
from schemas.topics import ORDERS_COMMANDS
from streams.agents.orders import refuse_client_command
from streams.domain.reservation import reservation
from tradeflow.checking.entry import Cause, Entry
from tradeflow.checking.findings import Promises
from tradeflow.checking.orders.placements import STUCK_AFTER, IsPast, Placements
from tradeflow.checking.orders.terms import CHANGES, paid_orders
from tradeflow.checking.placed_orders import PLACEMENTS
from tradeflow.checking.rows import first_difference
from tradeflow.topic_reader import Partition, Record

_INPUT = ORDERS_COMMANDS.name
_ANSWERS: Mapping[str, frozenset[str]] = {
    "PlaceOrder": frozenset({"REJECTED", "ORDER_STATUS"}),
    "CancelReplaceOrder": frozenset({"CANCEL_REJECTED", "REJECTED", "ORDER_STATUS"}),
    "PlaceOrderList": frozenset({"REJECTED", "ORDER_STATUS"}),
    "CancelOrder": frozenset({"CANCEL_REJECTED", "ORDER_STATUS"}),
    "AmendOrder": frozenset({"AMEND_REJECTED", "ORDER_STATUS"}),
    "QueryOrder": frozenset({"REJECTED", "ORDER_STATUS"}),
}
"""What the orders stage itself may answer."""

_FIRST_HALVES = (("CancelReplaceOrder", "CANCEL_REJECTED"), ("PlaceOrderList", "REJECTED"))


@dataclass(slots=True)
class Asked:
    """A command that has no reply yet, or not all of it."""

    kind: str
    command: Mapping[str, Any]
    reason: str
    """Why it must be a dead letter; "": it must not."""
    is_half: bool = False
    """Of a replacement or a list that was refused, the first half was answered."""
    logged_ms: int = 0

    @property
    def called(self) -> str:
        return f"{self.kind} {self.command.get('command_id', '')!r}" if self.kind else "the record"


class Replies:
    """Commands of ``orders.commands`` that wait for a reply, by partition and offset."""

    def __init__(
        self, found: Promises, instruments: Mapping[str, Instrument], placements: Placements
    ) -> None:
        self._found = found
        self._instruments = instruments
        self._placements = placements
        self._asked: dict[tuple[int, int], Asked] = {}
        self._waiting: dict[str, tuple[int, int]] = {}
        """By ``account command``, which cancel or amendment is the first of its id."""
        self._read_to: defaultdict[int, int] = defaultdict(int)
        self._early: defaultdict[tuple[int, int], list[Entry]] = defaultdict(list)
        self._late: defaultdict[str, deque[list[Any]]] = defaultdict(deque)
        """By ``account command``, what came of a wait: name, record, position, place of cause."""

    @property
    def open_commands(self) -> int:
        """Commands without a reply."""
        return len(self._asked)

    @property
    def early_replies(self) -> int:
        """Replies whose commands were not read yet."""
        return len(self._early)

    # --- what is read ----------------------------------------------------------------------------

    def command(self, entry: Entry) -> None:
        """The next command of its partition."""
        place = (entry.number, entry.offset)
        self._read_to[entry.number] = entry.offset + 1
        kind, command, record = entry.name, entry.value, entry.record
        refusal = entry.fault or refuse_client_command(
            kind, command, record.key, record.timestamp_ms
        )
        if kind != "Tick":
            self._found.outcomes.figures["client commands"] += 1
        asked = Asked(kind, command, refusal[0] if refusal else "", logged_ms=record.timestamp_ms)
        self._asked[place] = asked
        if kind in CHANGES and refusal is None:
            self._waiting.setdefault(_name_of(command), place)
        for reply in self._early.pop(place, ()):
            self.reply(reply)
        if place in self._asked and self._waiting.get(_name_of(command)) == place:
            self._after_a_wait(_name_of(command))

    def reply(self, entry: Entry) -> None:
        """What a command of ``orders.commands`` caused."""
        assert entry.cause is not None
        place = (entry.cause.partition.number, entry.cause.offset)
        if place[1] >= self._read_to[place[0]]:
            self._early[place].append(entry)
            return
        asked = self._asked.get(place)
        if asked is None:
            text = f"{_brief(entry)} answers a command that was answered in full before"
            self._found.outcomes.violated(entry.position, text)
            return
        if entry.name == "ExecutionReport":
            self._found.accepted.figures["answers"] += 1
        fault = self._fault_of(asked, entry)
        if fault:
            text = f"{_brief(entry)}: {asked.called} at {_at(place)} {fault}"
            findings = self._found.outcomes if asked.reason else self._found.accepted
            findings.violated(entry.position, text)
        if entry.name == "WalletReserveFundsCommand" and asked.kind in PLACEMENTS:
            self._placements.begin(
                asked.kind, asked.command, [_INPUT, *place], entry.record.timestamp_ms
            )
        is_first_half = (
            asked.kind,
            entry.value.get("execution_type"),
        ) in _FIRST_HALVES and not asked.is_half
        if is_first_half:
            asked.is_half = True
            return
        if entry.value.get("execution_type") == "REJECTED" and _has_two(asked) != asked.is_half:
            text = f"{asked.called} at {_at(place)} has half an answer"
            self._found.outcomes.violated(entry.position, text)
        self._close(place, asked)

    def reply_after_wait(self, entry: Entry) -> None:
        """What the orders stage sends for a command that waited: to matching, or a refusal."""
        assert entry.cause is not None
        name = _name_of(entry.value)
        cause = [*entry.cause.partition, entry.cause.offset]
        self._late[name].append([entry.name, entry.value, entry.position, cause])
        self._after_a_wait(name)

    def forget_half(self, name: str) -> None:
        """The refusal of a cancel was the first half of a replacement's, whose second one came."""
        late = self._late.get(name)
        if late and late[-1][1].get("execution_type") == "CANCEL_REJECTED":
            late.pop()
            if not late:
                del self._late[name]

    # --- what a reply must be --------------------------------------------------------------------

    def _fault_of(self, asked: Asked, entry: Entry) -> str:
        """What is wrong with a reply; nothing where all is well."""
        name, value = entry.name, entry.value
        if asked.reason or name == "DeadLetter":
            told = value.get("reason", "no dead letter") if name == "DeadLetter" else "an answer"
            wanted = asked.reason or "no dead letter"
            return "" if told == wanted else f"must be {wanted}, not {told}"
        if name == "Tick":
            return "" if asked.kind == "Tick" else "is no tick"
        command = asked.command
        ids = (command.get("account_id"), command.get("command_id"))
        if (value["account_id"], value["command_id"]) != ids:
            return "is another command"
        if name == "ExecutionReport":
            is_answer = value["execution_type"] in _ANSWERS.get(asked.kind, ())
            return "" if is_answer else f"cannot be answered {value['execution_type']}"
        if name == "WalletReserveFundsCommand":
            return self._fault_of_reservation(asked, value)
        if name != asked.kind or name in PLACEMENTS:
            return "makes no such record"
        return "" if value == command else first_difference(command, value)

    def _fault_of_reservation(self, asked: Asked, reserve: Mapping[str, Any]) -> str:
        instrument = self._instruments.get(asked.command.get("symbol", ""))
        if asked.kind not in PLACEMENTS or instrument is None:
            return "needs no money"
        orders = paid_orders(instrument, asked.kind, asked.command, reserve["command_id"])
        # One hold pays for both legs of a list, of which one trades.
        needed = (instrument.symbol, *max(reservation(instrument, order) for order in orders))
        told = (reserve["symbol"], reserve["asset"], reserve["amount_units"])
        return "" if told == needed else f"needs {needed}, not {told}"

    def _close(self, place: tuple[int, int], asked: Asked) -> None:
        del self._asked[place]
        if asked.kind in CHANGES and not asked.reason:
            name = _name_of(asked.command)
            if self._waiting.get(name) == place:
                del self._waiting[name]

    def _after_a_wait(self, name: str) -> None:
        """Put a command that waited and what came of it together, if both were read."""
        place, late = self._waiting.get(name), self._late.get(name)
        if place is None or not late:
            return
        asked = self._asked[place]
        told, value, position, _ = late.popleft()
        if not late:
            del self._late[name]
        if told == "ExecutionReport":
            self._found.accepted.figures["answers"] += 1
            if value["execution_type"] not in _ANSWERS[asked.kind]:
                text = f"{asked.called} cannot be answered {value['execution_type']}"
                self._found.accepted.violated(position, text)
        elif (told, value) != (asked.kind, asked.command):
            text = f"{asked.called}: {first_difference(asked.command, value)}"
            self._found.accepted.violated(position, text)
        self._close(place, asked)

    # --- the end ---------------------------------------------------------------------------------

    def finish(
        self,
        is_past: IsPast,
        rows: Mapping[int, Mapping[str, OrderSagaRow]],
        clocks: Mapping[int, int],
        timeout_ms: int,
    ) -> None:
        """All was read: judge the commands that have no reply, and replies without a command."""
        waiting = {number: _waiting_in(sagas) for number, sagas in rows.items()}
        count = 0
        for (number, offset), asked in self._asked.items():
            if not is_past([_INPUT, number, offset]):
                continue
            position = _at((number, offset))
            may_wait = asked.kind in CHANGES and not asked.reason
            if not may_wait:
                self._found.outcomes.violated(position, f"{asked.called} has no answer")
                continue
            count += 1
            if number in waiting and _name_of(asked.command) not in waiting[number]:
                text = f"{asked.called} has no answer, and waits for no order"
                self._found.outcomes.violated(position, text)
            elif clocks.get(number, 0) - asked.logged_ms > STUCK_AFTER * timeout_ms:
                text = f"{asked.called} is stuck: it waits for an order that is not paid for"
                self._found.outcomes.violated(position, text)
        self._found.outcomes.standing["commands waiting"] = count
        for late in self._late.values():
            for told, value, position, cause in late:
                if is_past(cause):
                    what = value.get("execution_type", told)
                    text = f"{what} for {value['command_id']!r}: nobody sent that, or not again"
                    self._found.accepted.violated(position, text)

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "early": [_kept(reply) for replies in self._early.values() for reply in replies],
            "asked": [
                [*place, each.kind, dict(each.command), each.reason, each.is_half, each.logged_ms]
                for place, each in self._asked.items()
            ],
            "late": {name: list(late) for name, late in self._late.items()},
            "read_to": {str(number): offset for number, offset in self._read_to.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        for number, offset, *rest in state["asked"]:
            asked = Asked(*rest)
            self._asked[number, offset] = asked
            if asked.kind in CHANGES and not asked.reason:
                self._waiting.setdefault(_name_of(asked.command), (number, offset))
        for name, late in state["late"].items():
            self._late[name] = deque(late)
        for number, offset in state["read_to"].items():
            self._read_to[int(number)] = offset
        for kept in state["early"]:
            reply = _reply_of(kept)
            assert reply.cause is not None
            self._early[reply.cause.partition.number, reply.cause.offset].append(reply)


def _has_two(asked: Asked) -> bool:
    """Whether a refusal has a half for the cancel and one for the order, or one for each leg."""
    return asked.kind in ("CancelReplaceOrder", "PlaceOrderList") and not asked.reason


def _waiting_in(sagas: Mapping[str, OrderSagaRow]) -> set[str]:
    """The commands that wait for the order of a saga."""
    return {_name_of(decode(data)[1]) for row in sagas.values() for data in row["waiting"]}


def _kept(reply: Entry) -> list[Any]:
    """What a checkpoint has of a reply: of a dead letter the reason is enough."""
    is_letter = reply.name == "DeadLetter"
    value = {"reason": reply.value["reason"]} if is_letter else reply.value
    assert reply.cause is not None
    time_ms, cause = reply.record.timestamp_ms, reply.cause
    return [*reply.partition, reply.offset, time_ms, reply.name, value, *cause.partition, cause[1]]


def _reply_of(kept: list[Any]) -> Entry:
    topic, number, offset, time_ms, name, value, *cause = kept
    record = Record(Partition(topic, number), offset, time_ms, None, None, ())
    return Entry(record, name, value, None, Cause(Partition(cause[0], cause[1]), cause[2]))


def _name_of(command: Mapping[str, Any]) -> str:
    return f"{command.get('account_id', '')} {command.get('command_id', '')}"


def _at(place: tuple[int, int]) -> str:
    return f"{_INPUT}/{place[0]}/{place[1]}"


def _brief(entry: Entry) -> str:
    return str(entry.value.get("execution_type", entry.name))
