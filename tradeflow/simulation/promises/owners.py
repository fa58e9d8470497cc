"""Whose a record of the orders stage's inputs is, and which ones move a clock of that stage."""

from bisect import bisect_right
from collections.abc import Sequence

from schemas.codec import DecodeError, decode
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, WALLET_EVENTS
from streams.agents.orders import GRACE_SECONDS, refuse_client_command
from tradeflow.simulation.exchange import TIMEOUT_MS
from tradeflow.simulation.log import LogRecord, SimulatedLog
from tradeflow.simulation.rounds import Take

_COMMANDS, _EVENTS = ORDERS_COMMANDS.name, WALLET_EVENTS.name
_WINDOW_MS = TIMEOUT_MS + round(1_000 * GRACE_SECONDS)


class Owners:
    """Of each record of the inputs the account; "" of what moves a clock, or cannot be read.

    A reservation moves the clock of its input, but that is of a join, and alters nothing for others
    unless a placement's window closes by it.
    """

    def __init__(self, log: SimulatedLog) -> None:
        self._owners: dict[tuple[str, int], list[str]] = {}
        for number in range(log.partitions(_COMMANDS)):
            commands = log.records(_COMMANDS, number)
            events = log.records(_EVENTS, number)
            executions = log.records(ORDERS_EXECUTIONS.name, number)
            times = [record.timestamp()[1] for record in commands]
            self._owners |= {
                (_COMMANDS, number): _of_commands(commands),
                (_EVENTS, number): _of_events(events, times),
                (ORDERS_EXECUTIONS.name, number): [_owner(record)[0] for record in executions],
            }

    def __call__(self, take: Take) -> str:
        """The owner of the first record of a take."""
        return self._owners[take.topic, take.partition][take.start]


def _of_commands(records: Sequence[LogRecord]) -> list[str]:
    owners = []
    clock_ms = 0
    for record in records:
        time_ms = record.timestamp()[1]
        owner = _client_of(record)
        owners.append("" if time_ms > clock_ms else owner)
        if owner:
            clock_ms = max(clock_ms, time_ms)
    return owners


def _client_of(record: LogRecord) -> str:
    """Whose command it is; "" of a tick, and of what is a dead letter and moves no clock."""
    try:
        name, command = decode(record.value() or b"")
    except DecodeError:
        return ""
    refusal = refuse_client_command(name, command, record.key(), record.timestamp()[1])
    return "" if name == "Tick" or refusal is not None else str(command["account_id"])


def _of_events(records: Sequence[LogRecord], command_times: Sequence[int]) -> list[str]:
    """``command_times`` rise: those of the placements' topic."""
    owners = []
    clock_ms = 0
    for record in records:
        owner, time_ms = _owner(record)
        later_ms = max(clock_ms, time_ms)
        closes = _count_to(command_times, later_ms) > _count_to(command_times, clock_ms)
        owners.append("" if closes else owner)
        clock_ms = later_ms
    return owners


def _count_to(command_times: Sequence[int], clock_ms: int) -> int:
    """How many windows are closed when the clock has come to a time."""
    return bisect_right(command_times, clock_ms - _WINDOW_MS - 1)


def _owner(record: LogRecord) -> tuple[str, int]:
    """The account, and the time that a wallet's event echoes, or 0."""
    try:
        name, value = decode(record.value() or b"")
    except DecodeError:
        return "", 0
    if name == "Tick":
        return "", int(value["time_ms"])
    return str(value.get("account_id", "")), int(value.get("requested_ms", 0))
