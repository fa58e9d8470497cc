"""Commands that reach matching keep to the limits of their texts and times."""

from typing import Any

import pytest

from schemas.limits import find_fault

COMMON: dict[str, Any] = {
    "command_id": "c-1",
    "account_id": "ann",
    "symbol": "BTCUSDT",
    "time_ms": 1,
}
PLACE = COMMON | {"client_order_id": "x-1", "hold_id": "c-1"}
AMEND = COMMON | {"client_order_id": "", "original_client_order_id": "x-1"}
CANCEL = AMEND | {"hold_id": ""}
COMMANDS: dict[str, dict[str, Any]] = {
    "PlaceOrder": PLACE,
    "CancelOrder": CANCEL,
    "AmendOrder": AMEND,
    "CancelReplaceOrder": COMMON | {"cancel": CANCEL, "place": PLACE},
    "SetSymbolStatus": COMMON,
    "Tick": {"time_ms": 1},
}
BAD = {
    "command_id": ["", "c" * 65, "a b", "a\n", "é", "\x7f"],
    "account_id": ["", "c" * 65, "a b", "a\t", "漢"],
    "symbol": ["", "S" * 21, "A B", "A\u00a0B", "A\u2028", "\x80", "\x00"],
    "client_order_id": ["x" * 37, "a b", "a,b", "x\n", "é"],
    "original_client_order_id": ["x" * 37, "a b", "a,b", "x\n", "é"],
    "hold_id": ["h" * 65, "a b", "h\n", "é"],
    "time_ms": [-1, 1 << 53, 1 << 62],
}
GOOD = {
    "command_id": ["!", "~" * 64],
    "account_id": ["a;b|c", "c" * 64],
    "symbol": ["S" * 20, "ビットコイン", "🙂", "A:1"],
    "client_order_id": ["", "x" * 36, "web_1.2:3/4-5"],
    "original_client_order_id": ["", "x" * 36],
    "hold_id": ["", "!", "~" * 64],
    "time_ms": [0, (1 << 53) - 1],
}


def cases(values: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(name, field, value, id=f"{name}-{field}-{number}")
        for name, command in COMMANDS.items()
        for field, options in values.items()
        if field in command
        for number, value in enumerate(options)
    ]


@pytest.mark.parametrize(("name", "field", "value"), cases(GOOD))
def test_what_is_within_the_limits_passes(name: str, field: str, value: Any) -> None:
    assert find_fault(name, COMMANDS[name] | {field: value}) is None


@pytest.mark.parametrize(("name", "field", "value"), cases(BAD))
def test_what_is_beyond_is_named(name: str, field: str, value: Any) -> None:
    fault = find_fault(name, COMMANDS[name] | {field: value})
    assert fault is not None
    assert fault.startswith(f"{name}.{field}: ")
    assert fault.isprintable()


@pytest.mark.parametrize(
    ("half", "field"),
    [
        ("cancel", "client_order_id"),
        ("cancel", "original_client_order_id"),
        ("cancel", "hold_id"),
        ("place", "client_order_id"),
        ("place", "hold_id"),
    ],
)
def test_both_halves_of_a_replacement_are_looked_at(half: str, field: str) -> None:
    command = COMMANDS["CancelReplaceOrder"]
    bad = command | {half: command[half] | {field: "a b"}}
    fault = find_fault("CancelReplaceOrder", bad)
    assert fault is not None
    assert fault.startswith(f"CancelReplaceOrder.{half}.{field}: 'a b' is not")
