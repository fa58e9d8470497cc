"""The headers that every record carries, and their bytes.

========================  =======================================================================
``correlation-id``        the request that it all belongs to
``causation-id``          what caused this record: an id, or a record as ``topic/partition/offset``
``actor``                 who asked: ``user;session;address``, with ``%``, ``;`` and control
                          characters escaped as in a URL
``event-time``            when it happened, milliseconds since the epoch in ASCII digits
========================  =======================================================================

A command's last execution report to the account that gave it has one more, ``last-report``: whoever
waits for all that came of the command need not wait for longer.

Headers are for tracing: whatever cannot be read of them is taken as absent, and no stage decides
by them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

CORRELATION_ID = "correlation-id"
CAUSATION_ID = "causation-id"
ACTOR = "actor"
EVENT_TIME = "event-time"
LAST_REPORT = "last-report"

Headers = list[tuple[str, bytes]]

_TO_ESCAPE = re.compile(r"[%;\x00-\x1f\x7f]")
_TIME = re.compile(rb"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asked for something; empty where it is not known."""

    user: str = ""
    session: str = ""
    address: str = ""

    def to_text(self) -> str:
        """One text that ``from_text`` takes apart again; empty for nobody."""
        if not (self.user or self.session or self.address):
            return ""
        return ";".join(_escape(part) for part in (self.user, self.session, self.address))

    @classmethod
    def from_text(cls, text: str) -> "Actor":
        """The actor; missing parts are empty, further ones are not read."""
        parts = [unquote(part) for part in text.split(";")[:3]]
        return cls(*parts)


def _escape(part: str) -> str:
    return _TO_ESCAPE.sub(lambda match: quote(match[0], safe=""), part)


@dataclass(frozen=True, slots=True)
class RecordHeaders:
    """The headers of one record; "" and None stand for absent ones."""

    correlation_id: str = ""
    causation_id: str = ""
    actor: Actor = Actor()
    event_time_ms: int | None = None

    def to_headers(self) -> Headers:
        """All four, as Kafka takes them."""
        time_ms = self.event_time_ms
        return [
            (CORRELATION_ID, self.correlation_id.encode()),
            (CAUSATION_ID, self.causation_id.encode()),
            (ACTOR, self.actor.to_text().encode()),
            (EVENT_TIME, b"" if time_ms is None else b"%d" % time_ms),
        ]

    @classmethod
    def from_headers(
        cls, headers: Iterable[tuple[str, str | bytes | None]] | None
    ) -> "RecordHeaders":
        """What can be read of a record's headers; of equal names the last one counts."""
        values = {
            name: value.encode(errors="replace") if isinstance(value, str) else value or b""
            for name, value in headers or ()
        }
        return cls(
            correlation_id=_text(values.get(CORRELATION_ID, b"")),
            causation_id=_text(values.get(CAUSATION_ID, b"")),
            actor=Actor.from_text(_text(values.get(ACTOR, b""))),
            event_time_ms=_time(values.get(EVENT_TIME, b"")),
        )


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _time(value: bytes) -> int | None:
    return int(value) if _TIME.fullmatch(value) else None
