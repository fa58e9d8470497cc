"""Commands for tests that speak of one thing at a time: all else is plain."""

from itertools import count
from typing import Any

from schemas.records import AmendOrder, CancelOrder, CancelReplaceOrder, PlaceOrder

NOON_MS = 1_760_000_040_000
"""The first millisecond of a minute."""

_numbers = count(1)


def a_place(**changes: Any) -> PlaceOrder:
    """A limit order of one lot; commission rates are 0 so that fills are easy to add up."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "command_id": f"command-{number}",
        "account_id": "alice",
        "symbol": "PLAIN",
        "client_order_id": f"id-{number}",
        "side": "BUY",
        "order_type": "LIMIT",
        "time_in_force": "GTC",
        "price_ticks": 100,
        "stop_price_ticks": 0,
        "quantity_lots": 1,
        "quote_quantity_units": 0,
        "iceberg_lots": 0,
        "self_trade_prevention": "NONE",
        "budget_units": 0,
        "reserved_price_ticks": 0,
        "hold_id": "",
        "maker_rate_ppm": 0,
        "taker_rate_ppm": 0,
        "time_ms": NOON_MS,
    }
    return PlaceOrder(**{**fields, **changes})


def a_market_order(**changes: Any) -> PlaceOrder:
    return a_place(**{"order_type": "MARKET", "price_ticks": 0, **changes})


def a_cancel(**changes: Any) -> CancelOrder:
    fields: dict[str, Any] = {
        "command_id": f"command-{next(_numbers)}",
        "account_id": "alice",
        "symbol": "PLAIN",
        "order_id": 0,
        "original_client_order_id": "",
        "client_order_id": "",
        "restriction": "NONE",
        "hold_id": "",
        "time_ms": NOON_MS,
    }
    return CancelOrder(**{**fields, **changes})


def a_cancel_replace(cancel: CancelOrder, place: PlaceOrder, **changes: Any) -> CancelReplaceOrder:
    fields: dict[str, Any] = {
        "command_id": f"command-{next(_numbers)}",
        "account_id": "alice",
        "symbol": "PLAIN",
        "mode": "STOP_ON_FAILURE",
        "cancel": cancel,
        "place": place,
        "time_ms": NOON_MS,
    }
    return CancelReplaceOrder(**{**fields, **changes})


def an_amend(**changes: Any) -> AmendOrder:
    fields: dict[str, Any] = {
        "command_id": f"command-{next(_numbers)}",
        "account_id": "alice",
        "symbol": "PLAIN",
        "order_id": 0,
        "original_client_order_id": "",
        "client_order_id": "",
        "quantity_lots": 1,
        "time_ms": NOON_MS,
    }
    return AmendOrder(**{**fields, **changes})
