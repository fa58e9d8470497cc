"""An event as a document of ``audit_logs``.

====================  =============================================================================
``_id``               the event's place in the log, ``topic/partition/offset``: the same event is
                      the same document, however often it comes
``timestamp``         when it was logged
``actor``             ``user_id``, ``ip``, ``session_id`` of who asked for it, from its headers;
                      where they name nobody, the account that the record is about
``action``            what was done (``actions.py``)
``resource``          ``type`` and ``id`` of what it was done to
``payload``           the whole record, in its own units
``outcome``           ``status`` (``success`` or ``failure``) and ``reason``
``ocsf``              ``category_uid``, ``class_uid``, ``activity_id``
``metadata``          ``latency_ms`` from when it happened to when it was logged (null where that is
                      not known), ``node_id``, ``record``, ``correlation_id``, ``causation_id``
====================  =============================================================================
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from connectors.event import Event
from connectors.mongodb.actions import Action, action_of, category_of, gateway_action
from connectors.mongodb.payloads import int64, payload_maker
from connectors.mongodb.resources import resource_of
from schemas.headers import ACTOR, CAUSATION_ID, CORRELATION_ID, EVENT_TIME, RecordHeaders

Document = dict[str, Any]

SUCCESS, FAILURE = "success", "failure"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT64_END = 2**63
_DIGITS_MAX = 18
_SUCCEEDED = {"status": SUCCESS, "reason": ""}


def at(time_ms: int) -> datetime:
    """The moment, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=time_ms)


def document_of(event: Event, node_id: str) -> Document:
    """The document of an event that is somebody's doing."""
    name, record = event.name, event.record
    if name == "AuditEvent":
        action, actor = gateway_action(record), _said_actor(record)
    else:
        action = action_of(event.place.topic, name, record)
        actor = _actor(event.headers.get(ACTOR, b"")) or _account(record)
    headers = event.headers
    return {
        "_id": event.position,
        "timestamp": at(event.timestamp_ms),
        "actor": actor,
        "action": action.name,
        "resource": resource_of(name, record),
        "payload": payload_maker(name)(record),
        "outcome": _outcome(action, record),
        "ocsf": _ocsf(action.class_uid, action.activity_id),
        "metadata": {
            "latency_ms": _latency(event),
            "node_id": node_id,
            "record": name,
            "correlation_id": headers.get(CORRELATION_ID, b"").decode(errors="replace"),
            "causation_id": headers.get(CAUSATION_ID, b"").decode(errors="replace"),
        },
    }


# Documents are only read from here on, so that equal parts of them may be one object.


@lru_cache(maxsize=4_096)
def _actor(header: bytes) -> dict[str, str] | None:
    """The actor of the header; None where it names no user, session or address."""
    actor = RecordHeaders.from_headers([(ACTOR, header)]).actor
    if not (actor.user or actor.session or actor.address):
        return None
    return {"user_id": actor.user, "ip": actor.address, "session_id": actor.session}


def _account(record: Mapping[str, Any]) -> dict[str, str]:
    return {"user_id": record.get("account_id", ""), "ip": "", "session_id": ""}


def _said_actor(record: Mapping[str, Any]) -> dict[str, str]:
    return {name: record[name] for name in ("user_id", "ip", "session_id")}


def _outcome(action: Action, record: Mapping[str, Any]) -> dict[str, str]:
    if not action.failed:
        return _SUCCEEDED
    return {
        "status": FAILURE,
        "reason": action.reason or str(record[action.reason_field]),
    }


@cache
def _ocsf(class_uid: int, activity_id: int) -> dict[str, int]:
    return {
        "category_uid": category_of(class_uid),
        "class_uid": class_uid,
        "activity_id": activity_id,
    }


def _latency(event: Event) -> Any:
    """Log time less event time; None where the headers do not say when it happened."""
    header = event.headers.get(EVENT_TIME, b"")
    if not header:
        return None
    # Nearly all are plain digits; the others are read, or refused, with care.
    if header.isdigit() and len(header) < _DIGITS_MAX:
        return int64(event.timestamp_ms - int(header))
    happened_ms = RecordHeaders.from_headers([(EVENT_TIME, header)]).event_time_ms
    if happened_ms is None:
        return None
    latency_ms = event.timestamp_ms - happened_ms
    # Headers are whatever a client wrote.
    return int64(latency_ms) if abs(latency_ms) < _INT64_END else None
