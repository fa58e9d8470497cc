"""A digest of a state: equal for equal rows, in whatever order they come."""

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from schemas.records import ClosedOrderRow, OrderRow, SymbolRow


def state_hash(
    symbol_row: SymbolRow, orders: Iterable[OrderRow], closed: Iterable[ClosedOrderRow]
) -> str:
    """32 hexadecimal digits over a canonical text: one JSON line a row, keys and rows sorted."""
    digest = blake2b(digest_size=16)
    digest.update(_line(symbol_row))
    for order in sorted(orders, key=lambda row: row["order_id"]):
        digest.update(_line(_without_news(order)))
    digest.update(b"\n")
    for closed_order in sorted(closed, key=lambda row: (row["account_id"], row["client_order_id"])):
        digest.update(_line(closed_order))
    return digest.hexdigest()


def hash_of_rows(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The same over rows by their keys."""
    digest = blake2b(digest_size=16)
    for key in sorted(rows):
        digest.update(key.encode() + b" " + _line(rows[key]))
    return digest.hexdigest()


def _without_news(order: OrderRow) -> Mapping[str, Any]:
    """The row without a field that came later and says nothing: digests of before stay."""
    if order["order_list_id"]:
        return order
    return {name: value for name, value in order.items() if name != "order_list_id"}


_encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True, default=bytes.hex).encode


def _line(row: Mapping[str, Any]) -> bytes:
    return _encode(row).encode() + b"\n"
