"""What rows of the orders stage's table make of «saga_instance»."""

from typing import Any

from schemas.codec import DecodeError, decode
from tradeflow.checking.stores.mysql.plain_values import NoRoomError, moment

Row = dict[str, Any]


def saga_row(saga: Any, logged_ms: int) -> Row:
    """A saga as it stood when it was logged; raises NoRoomError where it cannot be read."""
    copied = ("account_id", "saga_id", "symbol", "client_order_id", "order_id", "reason")
    return {name: saga[name] for name in (*copied, "order_status", "hold_id")} | {
        "current_state": saga["state"],
        "step_history": [dict(step) for step in saga["steps"]],
        "payload": {
            "command": content(saga["payload"]),
            "report": content(saga["report"]),
            "waiting": [content(each) for each in saga["waiting"]],
        },
        "requested_at": moment(saga["requested_ms"]),
        "submitted_at": moment(saga["submitted_ms"]),
        "closed_at": moment(saga["closed_ms"]),
        "updated_at": moment(logged_ms),
    }


def content(data: bytes) -> Row | None:
    """A record within a record, with its name; None where there is none."""
    if not data:
        return None
    try:
        name, record = decode(data)
    except DecodeError as error:
        raise NoRoomError(str(error)) from error
    return {"name": name} | dict(record)
