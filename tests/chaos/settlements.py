"""What matching tells the wallets, compared with what the twin's reports mean to them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.codec import decode
from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from streams.domain.events import ReportEvent
from streams.domain.settlement import settlement

Told = tuple[str, Mapping[str, Any]]


def verify_settlements(
    instruments: Mapping[str, Instrument],
    reports: Iterable[ExecutionReport],
    messages: Iterable[Any],
) -> None:
    """Every report that moves money is one command, and each hold's are in their order.

    ``messages`` are those of ``wallet.commands``, partition by partition in order.
    """
    expected: dict[str, list[Told]] = defaultdict(list)
    for report in reports:
        told = settlement(instruments.get(report["symbol"]), ReportEvent.from_record(report))
        if told is not None:
            expected[report["hold_id"]].append(told)
    got: dict[str, list[Told]] = defaultdict(list)
    for message in messages:
        name, command = decode(message.value())
        assert message.key() == command["account_id"].encode()
        got[command["hold_id"]].append((name, command))
    assert got.keys() == expected.keys()
    for hold_id, commands in expected.items():
        assert got[hold_id] == commands, hold_id
