"""Rows of placement sagas."""

import json
from typing import Any

from connectors.mysql.values import UnstorableError, moment
from schemas.codec import DecodeError, decode

Row = tuple[Any, ...]


def saga_row(saga: Any, logged_ms: int) -> Row:
    """A saga as it stood when it was logged.

    Raises:
        UnstorableError: a record within it cannot be read.
    """
    payload = {
        "command": _content(saga["payload"]),
        "report": _content(saga["report"]),
        "waiting": [_content(each) for each in saga["waiting"]],
    }
    return (
        saga["account_id"],
        saga["saga_id"],
        saga["symbol"],
        saga["client_order_id"],
        saga["order_id"],
        saga["state"],
        saga["reason"],
        saga["order_status"],
        saga["hold_id"],
        _json(saga["steps"]),
        _json(payload),
        moment(saga["requested_ms"]),
        moment(saga["submitted_ms"]),
        moment(saga["closed_ms"]),
        moment(logged_ms),
    )


def _content(data: bytes) -> dict[str, Any] | None:
    """An encoded record as JSON has it, under its name."""
    if not data:
        return None
    try:
        name, record = decode(data)
    except DecodeError as exc:
        raise UnstorableError(f"a record within the saga: {exc}") from exc
    return {"name": name, **record}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
