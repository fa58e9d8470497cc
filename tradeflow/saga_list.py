"""The placement sagas that the orders stage keeps, read from its table's changelog."""

import contextlib
from typing import cast

from schemas.codec import decode
from schemas.records import OrderSagaRow
from schemas.topics import ORDERS_ORDERS
from tradeflow.event_reader import EventReader

STUCK_MS = 30_000
"""How long a saga may be on its way."""

ON_THEIR_WAY = frozenset({"STARTED", "FUNDS_RESERVED", "MATCHING_SUBMITTED"})

_WAIT_SECONDS = 0.2


def read_sagas(bootstrap: str) -> list[OrderSagaRow]:
    """All of them as they stand now, the oldest first."""
    rows: dict[bytes, bytes] = {}
    reader = EventReader(bootstrap, [ORDERS_ORDERS.name], from_end=False)
    with contextlib.closing(reader):
        while not reader.is_at_end:
            for key, value in reader.read_raw(timeout_seconds=_WAIT_SECONDS):
                if key is None or not key.startswith(b"saga "):
                    continue
                if value:
                    rows[key] = value
                else:
                    rows.pop(key, None)
    sagas = [cast(OrderSagaRow, decode(value)[1]) for value in rows.values()]
    return sorted(sagas, key=lambda saga: (saga["requested_ms"], saga["account_id"]))


def is_stuck(saga: OrderSagaRow, now_ms: int) -> bool:
    """Whether a saga has been on its way for longer than it may."""
    return saga["state"] in ON_THEIR_WAY and saga["requested_ms"] + STUCK_MS < now_ms
