"""Replies as bytes of JSON."""

from typing import Any

import orjson


class TimeMs(int):
    """Milliseconds since the epoch: the numbers that become microseconds for who asks for them."""


class EndMs(TimeMs):
    """The last millisecond of a window: in microseconds, its last microsecond."""


def to_json(reply: Any, *, in_microseconds: bool = False) -> bytes:
    """The reply's bytes."""
    return orjson.dumps(_microseconds(reply) if in_microseconds else reply)


def _microseconds(reply: Any) -> Any:
    if isinstance(reply, TimeMs):
        return reply * 1_000 + (999 if isinstance(reply, EndMs) else 0)
    if isinstance(reply, dict):
        return {name: _microseconds(value) for name, value in reply.items()}
    if isinstance(reply, list | tuple):
        return [_microseconds(value) for value in reply]
    return reply
