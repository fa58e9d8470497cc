"""Record headers that every output inherits from the record that caused it.

========================  =======================================================================
``correlation-id``        the request it all belongs to; an input without one starts one
``causation-id``          the record that caused this one, as ``topic/partition/offset``
``actor``                 who asked: passed on as it came
``event-time``            when it happened, ms since the epoch in ASCII; an input without one gives
                          its record timestamp
========================  =======================================================================
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from confluent_kafka import Message

Headers = list[tuple[str, bytes]]
Propagate = Callable[["Message", bytes], Headers]
"""From a record and its position to the headers of what it causes."""

CORRELATION_ID = "correlation-id"
CAUSATION_ID = "causation-id"
ACTOR = "actor"
EVENT_TIME = "event-time"


HEADER_BYTES_MAX = 512
"""Of what is passed on; it is for tracing, and what is caused may not grow by it without end."""


_EACH_MAX = HEADER_BYTES_MAX // 4


def received_headers(message: "Message") -> Headers:
    """The headers of a record, whoever wrote it; where a name is no text, none."""
    try:
        received = cast("list[tuple[str, bytes | None]] | None", message.headers())
    except (SystemError, UnicodeDecodeError):
        # All that the client gives of it: which one it was is not told.
        return []
    if not received:
        return []
    for _, value in received:
        if value is None:
            return [(name, value or b"") for name, value in received]
    return cast("Headers", received)


def propagate(message: "Message", position: bytes) -> Headers:
    """The headers of what ``message`` causes; ``position`` is its place in the log."""
    received = received_headers(message)
    if len(received) == 4:
        first, second, third, fourth = received
        # The common case, made by this function or the like: three of the four go on as they are.
        if (
            first[0] == CORRELATION_ID
            and second[0] == CAUSATION_ID
            and third[0] == ACTOR
            and fourth[0] == EVENT_TIME
            and fourth[1]
            and len(first[1]) + len(third[1]) + len(fourth[1]) <= HEADER_BYTES_MAX
        ):
            return [first, (CAUSATION_ID, position), third, fourth]
    correlation = position
    actor = b""
    event_time = b""
    for name, value in received:
        if name == CORRELATION_ID:
            correlation = value
        elif name == ACTOR:
            actor = value
        elif name == EVENT_TIME:
            event_time = value
    return [
        (CORRELATION_ID, correlation[:_EACH_MAX]),
        (CAUSATION_ID, position),
        (ACTOR, actor[:_EACH_MAX]),
        (EVENT_TIME, event_time[:_EACH_MAX] or b"%d" % message.timestamp()[1]),
    ]
