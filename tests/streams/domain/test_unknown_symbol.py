"""Commands on a symbol that does not exist."""

from typing import Any

import pytest

from streams.domain.unknown_symbol import unknown_symbol
from tests.streams.domain.builders import cancellation, placement, told

STAMP = {"command_id": "c", "account_id": "anna", "symbol": "NOPE", "time_ms": 7}
CANCEL = cancellation("x", client_order_id="mine", order_id=4) | STAMP
PLACE = placement("x", price_ticks=100, quantity_lots=3) | STAMP


@pytest.mark.parametrize(
    ("kind", "command", "lines"),
    [
        ("PlaceOrder", PLACE, ["x REJECTED UNKNOWN_SYMBOL"]),
        ("CancelOrder", CANCEL, ["mine CANCEL_REJECTED REJECTED UNKNOWN_SYMBOL"]),
        ("AmendOrder", CANCEL, ["mine AMEND_REJECTED REJECTED UNKNOWN_SYMBOL"]),
        (
            "CancelReplaceOrder",
            STAMP
            | {
                "mode": "ALLOW_FAILURE",
                "cancel": CANCEL | {"symbol": "INNER", "account_id": "inner"},
                "place": PLACE | {"time_ms": 1, "command_id": "inner"},
            },
            ["mine CANCEL_REJECTED REJECTED UNKNOWN_SYMBOL", "x REJECTED UNKNOWN_SYMBOL"],
        ),
        ("SetSymbolStatus", STAMP | {"status": "HALT"}, [" REJECTED UNKNOWN_SYMBOL"]),
        ("Tick", {"time_ms": 7}, []),
    ],
)
def test_it_is_refused_and_numbered_by_nobody(
    kind: str, command: dict[str, Any], lines: list[str]
) -> None:
    outcome = unknown_symbol(kind, command).as_records()

    assert told(outcome) == lines
    assert (outcome.trades, outcome.depth) == ([], None)
    for report in outcome.reports:
        stamp = {name: report[name] for name in STAMP}  # type: ignore[literal-required]
        assert stamp == STAMP
        assert report["execution_id"] == 0
