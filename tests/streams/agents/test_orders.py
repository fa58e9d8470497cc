"""What the orders stage takes for a client's command, and what its join takes for a placement."""

from typing import Any

import pytest

from schemas.codec import encode
from streams.agents.order_inputs import RESERVATION, ClientCommands, placements
from streams.agents.orders import refuse_client_command
from streams.joins import Bad
from tests.simulation.builders import a_place

NOW_MS = 1_800_000_000_000
PLACEMENT = placements(ClientCommands())


def placed(**changes: Any) -> tuple[str, Any]:
    return "PlaceOrder", a_place(**changes)


def test_a_placement_is_joined_by_account_and_id() -> None:
    name, command = placed(account_id="ann", command_id="p1")

    assert refuse_client_command(name, command, b"ann", NOW_MS) is None
    assert PLACEMENT.key((name, command)) == "ann p1"


@pytest.mark.parametrize(
    "changes",
    [
        {"account_id": "a" * 70_000},
        {"command_id": "c" * 61},
        {"command_id": "c~2"},
        {"command_id": ""},
        {"symbol": "S" * 21},
        {"time_ms": -1},
    ],
)
def test_what_is_refused_is_not_joined_either(changes: dict[str, Any]) -> None:
    name, command = placed(**changes)

    refusal = refuse_client_command(name, command, command["account_id"].encode(), NOW_MS)
    assert refusal is not None
    assert refusal[0] == "IMPOSSIBLE_VALUE"
    assert PLACEMENT.key((name, command)) is None


def test_what_cannot_be_read_is_passed_by() -> None:
    assert PLACEMENT.key(PLACEMENT.decode(b"\x07garbage")) is None
    assert PLACEMENT.key(PLACEMENT.decode(encode("Tick", {"time_ms": 1}))) is None


def test_reservations_are_joined_by_their_saga_and_dated_by_the_echo() -> None:
    event = {"account_id": "ann", "command_id": "p1~2", "requested_ms": 77, "time_ms": 99}
    assert RESERVATION.key(("FundsReservedEvent", event)) == "ann p1"
    assert RESERVATION.time_ms(("FundsReservedEvent", event)) == 77
    assert RESERVATION.time_ms(("Tick", {"time_ms": 88})) == 88
    # Asked for by somebody else, and moved by matching: neither is joined, nor moves the clock.
    assert RESERVATION.key(("FundsReservedEvent", event | {"requested_ms": 0})) is None
    assert RESERVATION.time_ms(("FillSettledEvent", {"time_ms": 99})) is None


def test_a_command_is_decoded_once_for_the_two_that_read_it() -> None:
    commands = ClientCommands()
    data = encode(*placed())

    first = commands.decode(data)

    assert placements(commands).decode(data) is first
    # A third one is another record with equal bytes.
    again = commands.decode(data)
    assert again == first
    assert again is not first


def test_what_is_kept_of_decoded_commands_is_bounded() -> None:
    commands = ClientCommands()

    for number in range(10_000):
        commands.decode(encode("Tick", {"time_ms": number}))

    assert commands.kept <= 4_096


def test_what_was_settled_is_passed_on_without_being_read() -> None:
    event = {
        "command_id": "settle-1",
        "account_id": "ann",
        "hold_id": "p1",
        "symbol": "AAABBB",
        "execution_id": 1,
        "order_id": 1,
        "trade_id": 1,
        "left_units": 0,
        "is_repeat": False,
        "entries": [],
        "balances": [],
        "time_ms": 99,
    }
    value = RESERVATION.decode(encode("FillSettledEvent", event))

    assert RESERVATION.key(value) is None
    assert RESERVATION.time_ms(value) is None
    assert isinstance(RESERVATION.decode(b"\0\xff\xff\xff\xffgarbage"), Bad)
