"""What the orders stage takes for a client's command, and what its join takes for a placement."""

from typing import Any

import pytest

from schemas.codec import encode
from streams.agents.orders import PLACEMENT, RESERVATION, refuse_client_command
from tests.simulation.builders import a_place

NOW_MS = 1_800_000_000_000


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
