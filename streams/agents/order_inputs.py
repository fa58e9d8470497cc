"""What the orders stage joins: clients' placements, and the wallet's answers to them."""

from collections.abc import Mapping
from typing import Any

from schemas.careful import HEADER_BYTES
from schemas.codec import DecodeError, decode, header
from schemas.limits import find_fault
from schemas.registry import registry
from schemas.topics import ORDERS_COMMANDS, WALLET_EVENTS
from streams.joins import Bad, Field

Decoded = tuple[str, dict[str, Any]]

COMMAND_ID_LENGTH_MAX = 60
"""Reservations and cancels of the saga's own have its id with a ``~`` and a letter behind it."""

_PLACEMENTS = frozenset({"PlaceOrder", "CancelReplaceOrder", "PlaceOrderList"})
_RESERVATIONS = frozenset({"FundsReservedEvent", "FundsReservationFailedEvent"})
_UNUSED = frozenset(
    header(registry().newest[name][0]) for name in ("FillSettledEvent", "FundsReleasedEvent")
)
"""Nothing here depends on them, and two of three events are such: they are not even decoded."""
_OTHER: Decoded = "", {}
_READ_MAX = 4_096


class ClientCommands:
    """Decodes clients' commands once, though two agents read each: one looks, one joins."""

    def __init__(self) -> None:
        self._read: dict[bytes, Decoded] = {}

    @property
    def kept(self) -> int:
        """How many wait for their second reader."""
        return len(self._read)

    def decode(self, data: bytes) -> Decoded:
        """The name and the record, which neither reader changes; raises DecodeError."""
        known = self._read.pop(data, None)
        if known is not None:
            return known
        read = decode(data)
        if len(self._read) >= _READ_MAX:
            self._read.clear()
        self._read[data] = read
        return read


def placements(commands: ClientCommands) -> Field:
    """The left input: placements, each at the log's time of its command."""

    def decode_command(data: bytes) -> Decoded:
        # What cannot be read is a dead letter where commands are looked at, and nothing here.
        try:
            return commands.decode(data)
        except DecodeError:
            return "", {}

    return Field(
        topic=ORDERS_COMMANDS.name,
        decode=decode_command,
        key=_placement_key,
        by_log_time=True,
        is_judged_elsewhere=True,
    )


def id_fault(command: Mapping[str, Any]) -> str | None:
    """What is wrong with a command's id, for people; None if nothing is."""
    command_id = command["command_id"]
    if len(command_id) <= COMMAND_ID_LENGTH_MAX and "~" not in command_id:
        return None
    return f"{command_id!r} is not at most {COMMAND_ID_LENGTH_MAX} characters without ~"


def _placement_key(value: Decoded) -> str | None:
    name, command = value
    # What is refused where commands are looked at has no saga to go on with.
    if name not in _PLACEMENTS or find_fault(name, command) or id_fault(command):
        return None
    return f"{command['account_id']} {command['command_id']}"


def _decode_event(data: bytes) -> Decoded | Bad:
    if data[:HEADER_BYTES] in _UNUSED:
        return _OTHER
    try:
        return decode(data)
    except DecodeError as fault:
        return Bad(fault.reason, fault.detail)


def _reservation_key(value: Decoded) -> str | None:
    name, event = value
    if name not in _RESERVATIONS or not event["requested_ms"]:
        return None
    return f"{event['account_id']} {event['command_id'].partition('~')[0]}"


def _echoed_ms(value: Decoded) -> int | None:
    """The time of ``orders.commands``, as it comes back from the wallet; no other moves a clock."""
    name, event = value
    if name == "Tick":
        return int(event["time_ms"])
    return int(event["requested_ms"]) if name in _RESERVATIONS and event["requested_ms"] else None


RESERVATION = Field(
    topic=WALLET_EVENTS.name, decode=_decode_event, key=_reservation_key, time_ms=_echoed_ms
)
