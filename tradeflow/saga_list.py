"""The placement sagas that the orders stage keeps, read from its table's changelog."""

from typing import cast

from schemas.codec import decode
from schemas.records import OrderSagaRow
from schemas.topics import ORDERS_ORDERS
from tradeflow.table_rows import read_rows

STUCK_MS = 30_000
"""How long a saga may be on its way."""

ON_THEIR_WAY = frozenset({"STARTED", "FUNDS_RESERVED", "MATCHING_SUBMITTED"})


def read_sagas(bootstrap: str) -> list[OrderSagaRow]:
    """All of them as they stand now, the oldest first."""
    rows = read_rows(bootstrap, ORDERS_ORDERS.name, prefixes=(b"saga ",))
    sagas = [cast(OrderSagaRow, decode(value)[1]) for _, value in rows]
    return sorted(sagas, key=lambda saga: (saga["requested_ms"], saga["account_id"]))


def is_stuck(saga: OrderSagaRow, now_ms: int) -> bool:
    """Whether a saga has been on its way for longer than it may."""
    return saga["state"] in ON_THEIR_WAY and saga["requested_ms"] + STUCK_MS < now_ms
