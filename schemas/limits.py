"""Limits on a command's texts and time: what no program of ours would send, and no rule handles.

A command beyond them is not refused to its sender, who may not be who it says: it becomes a dead
letter.  What a trader can get wrong (prices, quantities, combinations) is no matter of this module:
matching answers it with a report.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from schemas.records import CancelOrder, CancelReplaceOrder, PlaceOrder

ID_LENGTH_MAX = 64
SYMBOL_LENGTH_MAX = 20
CLIENT_ORDER_ID_LENGTH_MAX = 36
TIME_MS_END = 1 << 53
"""Times are below it, so that every reader of JSON has them exactly."""

# No whitespace and nothing invisible; symbols may be in any script.
_ID = r"[!-~]{1,64}"
_SYMBOL = r"[^\s\x00-\x1f\x7f-\x9f]{1,20}"
_CLIENT_ORDER_ID = r"[.A-Z:/a-z0-9_-]{0,36}"

# The texts of a command are joined by a separator that none of them may contain, so that one
# match of one pattern checks them all.
_NO_CLIENT_ID = re.compile(rf"{_ID} {_ID} {_SYMBOL}").fullmatch
_ONE_CLIENT_ID = re.compile(rf"{_ID} {_ID} {_SYMBOL} {_CLIENT_ORDER_ID}").fullmatch
_TWO_CLIENT_IDS = re.compile(
    rf"{_ID} {_ID} {_SYMBOL} {_CLIENT_ORDER_ID} {_CLIENT_ORDER_ID}"
).fullmatch

_FIELDS: dict[str, tuple[Callable[[str], object], str]] = {
    "command_id": (re.compile(_ID).fullmatch, "1 to 64 visible ASCII characters"),
    "account_id": (re.compile(_ID).fullmatch, "1 to 64 visible ASCII characters"),
    "symbol": (re.compile(_SYMBOL).fullmatch, "1 to 20 visible characters"),
    "client_order_id": (re.compile(_CLIENT_ORDER_ID).fullmatch, "at most 36 of [.A-Z:/a-z0-9_-]"),
    "original_client_order_id": (
        re.compile(_CLIENT_ORDER_ID).fullmatch,
        "at most 36 of [.A-Z:/a-z0-9_-]",
    ),
}


def find_fault(name: str, record: Mapping[str, Any]) -> str | None:
    """What is beyond a limit in a command, for people; None if nothing is.

    Client order ids may be empty here: where one is needed, matching asks for it.
    """
    if name == "PlaceOrder":
        texts = (
            f"{record['command_id']} {record['account_id']} {record['symbol']} "
            f"{record['client_order_id']}"
        )
        good = _ONE_CLIENT_ID(texts)
    elif name in ("CancelOrder", "AmendOrder"):
        texts = (
            f"{record['command_id']} {record['account_id']} {record['symbol']} "
            f"{record['client_order_id']} {record['original_client_order_id']}"
        )
        good = _TWO_CLIENT_IDS(texts)
    elif name == "Tick":
        return _time_fault(name, record["time_ms"])
    else:
        good = _NO_CLIENT_ID(f"{record['command_id']} {record['account_id']} {record['symbol']}")
        if name == "CancelReplaceOrder" and good:
            fault = _inner_fault(record)  # type: ignore[arg-type]
            if fault is not None:
                return fault
    if good and 0 <= record["time_ms"] < TIME_MS_END:
        return None
    return _text_fault(name, record) or _time_fault(name, record["time_ms"])


def _inner_fault(record: CancelReplaceOrder) -> str | None:
    """The client order ids of the two halves; their other texts and times are not read."""
    cancel: CancelOrder = record["cancel"]
    place: PlaceOrder = record["place"]
    for half, name, text in (
        ("cancel", "client_order_id", cancel["client_order_id"]),
        ("cancel", "original_client_order_id", cancel["original_client_order_id"]),
        ("place", "client_order_id", place["client_order_id"]),
    ):
        fits, expected = _FIELDS[name]
        if not fits(text):
            return _fault(f"CancelReplaceOrder.{half}.{name}", text, expected)
    return None


def _text_fault(command: str, record: Mapping[str, Any]) -> str | None:
    for name, (fits, expected) in _FIELDS.items():
        if name in record and not fits(record[name]):
            return _fault(f"{command}.{name}", record[name], expected)
    return None


def _time_fault(command: str, time_ms: int) -> str | None:
    if 0 <= time_ms < TIME_MS_END:
        return None
    return _fault(f"{command}.time_ms", time_ms, "0 or more and below 2^53")


def _fault(place: str, value: object, expected: str) -> str:
    shown = repr(value)
    return f"{place}: {shown if len(shown) <= 80 else shown[:77] + '...'} is not {expected}"
