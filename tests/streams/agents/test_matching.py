"""What the matching agent says beside its records."""

from typing import Any

from schemas.codec import decode, encode
from schemas.headers import LAST_REPORT
from schemas.instruments import load_instruments
from schemas.topics import ORDERS_EXECUTIONS
from streams.agents.matching import MatchingStage
from streams.transport import Rows
from tests.simulation.builders import a_place


class _Record:
    def __init__(self, name: str, command: dict[str, Any]) -> None:
        self._value, self._key = encode(name, command), command["symbol"].encode()

    def value(self) -> bytes:
        return self._value

    def key(self) -> bytes:
        return self._key

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_800_000_000_000


class _Batch(list[_Record]):
    """Records of partition 0, and what is emitted of them: topic, record and further headers."""

    partition = 0

    def __init__(self, *records: _Record) -> None:
        super().__init__(records)
        self.emitted: list[tuple[str, dict[str, Any], list[tuple[str, bytes]]]] = []

    def emit(
        self, topic: str, _key: str, value: bytes, more: list[tuple[str, bytes]] | None = None
    ) -> None:
        self.emitted.append((topic, decode(value)[1], more or []))


class _Table:
    def __init__(self) -> None:
        self._rows: Rows[Any] = Rows()

    def rows(self, _partition: int) -> Rows[Any]:
        return self._rows


def test_the_last_report_to_whoever_gave_the_command_is_marked() -> None:
    resting = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "price_ticks": 6_000_000,
        "quantity_lots": 1_000,
    }
    taking = {"symbol": "BTCUSDT", "side": "BUY", "price_ticks": 6_000_000, "quantity_lots": 2_500}
    batch = _Batch(
        _Record("PlaceOrder", a_place(account_id="m1", command_id="1", **resting)),
        _Record("PlaceOrder", a_place(account_id="m2", command_id="2", **resting)),
        _Record("PlaceOrder", a_place(account_id="taker", command_id="3", **taking)),
    )

    MatchingStage(load_instruments(), _Table()).process(batch)  # type: ignore[arg-type]

    reports = [
        (record["account_id"], record["execution_type"], [name for name, _ in more])
        for topic, record, more in batch.emitted
        if topic == ORDERS_EXECUTIONS.name
    ]
    assert reports == [
        ("m1", "NEW", [LAST_REPORT]),
        ("m2", "NEW", [LAST_REPORT]),
        ("taker", "NEW", []),
        ("m1", "TRADE", []),
        ("taker", "TRADE", []),
        ("m2", "TRADE", []),
        ("taker", "TRADE", [LAST_REPORT]),
    ]
